using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Models;

namespace Agents.Host.Engine.Money;

/// <summary>A request as it is offered to the budgets: with the most that it can cost.</summary>
/// <param name="Estimate">Null when the model has no price.</param>
/// <param name="IsShortened">The reply may hold less than the agent's limit, for want of room in a budget.</param>
public sealed record CallOffer(ModelRequest Request, CallEstimate? Estimate, string? PriceVersion, bool IsShortened = false)
{
    public static CallOffer Of(ModelRequest request, PriceList prices) => prices.For(request.Options.ModelId!) is { } price
        ? new(request, new(price, request.InputTokensAtMost(), request.Options.MaxOutputTokens!.Value), prices.VersionFor(request.Options.ModelId!))
        : new(request, null, null);

    /// <summary>The claim on an attempt of this size, as far as the run itself tells.</summary>
    public Claim Claim(Run run, CallModel work, string worker, bool ownerIsGone, bool mayBeUnpriced) =>
        Domain.Runs.Claim.On(run, work, Started(work, worker), ownerIsGone, Estimate?.LeastUsd(), mayBeUnpriced);

    /// <summary>The same with a shorter reply, small enough for the room that was left; null when there is too little.</summary>
    public CallOffer? Within(BudgetRefusal refusal) => Estimate?.Within(refusal.RoomUsd()) is { } smaller
        ? new(Request.WithReplyOf(smaller.OutputTokens), smaller, PriceVersion, IsShortened: true)
        : null;

    ModelCallStarted Started(CallModel work, string worker) => new(
        work.Call, work.Attempt, worker, Request.Hash(), PriceVersion, Estimate?.UpperUsd(), IsShortened ? Estimate!.OutputTokens : null);
}
