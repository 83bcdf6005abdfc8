using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Models;

namespace Agents.Host.Engine.Money;

/// <summary>A request as it is offered to the budgets: with the most that it can cost.</summary>
/// <param name="Estimate">Null when the model has no price.</param>
/// <param name="IsShortened">The reply may hold less than the agent's limit, for want of room in a budget.</param>
/// <param name="Provider">Who is asked, by the name of the entry.</param>
/// <param name="LastWord">
/// What the run's last word would cost. Null when its agent does not close at its limit, or no model of it has a price.
/// </param>
public sealed record CallOffer(
    ModelRequest Request, CallEstimate? Estimate, string? PriceVersion, bool IsShortened = false, string? Provider = null,
    LastWordPlan? LastWord = null)
{
    /// <param name="inputTokens">The most that the request has.</param>
    /// <param name="prices">Of the entry that is asked.</param>
    public static CallOffer Of(ModelRequest request, long inputTokens, PriceList prices) => prices.For(request.Options.ModelId!) is { } price
        ? new(request, new(price, inputTokens, request.Options.MaxOutputTokens!.Value), prices.VersionFor(request.Options.ModelId!))
        : new(request, null, null);

    /// <summary>The claim on an attempt of this size, as far as the run itself tells.</summary>
    public Claim Claim(Run run, CallModel work, string worker, bool ownerIsGone, bool mayBeUnpriced) =>
        Domain.Runs.Claim.On(
            run, work, Started(work, worker), ownerIsGone, Estimate?.LeastUsd(), mayBeUnpriced,
            LastWord is { } plan ? new(run.MostUsd(plan.Limits), plan.KeptUsd) : null);

    /// <summary>The same with a shorter reply, small enough for the room that was left; null when there is too little.</summary>
    public CallOffer? Within(BudgetRefusal refusal) => Estimate?.Within(refusal.RoomUsd()) is { } smaller
        ? this with { Request = Request.WithReplyOf(smaller.OutputTokens), Estimate = smaller, IsShortened = true }
        : null;

    /// <summary>
    /// The call in full, with nothing kept back for a last word. Null when nothing is kept back, when the last word is affordable and comes first,
    /// and when another budget than the run's refused the call.
    /// </summary>
    /// <param name="whole">The call before it was shortened.</param>
    public CallOffer? WithoutLastWord(BudgetRefusal refusal, CallOffer whole) =>
        refusal.Budget.Scope is BudgetScope.Run && LastWord is { KeptUsd: > 0 } plan && CloseWith(refusal) is null
            ? whole with { LastWord = plan.KeepingNothing() }
            : null;

    /// <summary>
    /// The model, by its position, with which what is left pays for the run's last word. Null when none does, or another budget than the run's
    /// refused the call.
    /// </summary>
    public int? CloseWith(BudgetRefusal refusal) =>
        refusal is { Budget.Scope: BudgetScope.Run, WantedUsd: not null } ? LastWord?.Within(refusal.LimitUsd - refusal.SpentUsd) : null;

    ModelCallStarted Started(CallModel work, string worker) => new(
        work.Call, work.Attempt, worker, Request.Hash(), PriceVersion, Estimate?.UpperUsd(), IsShortened ? Estimate!.OutputTokens : null, Provider,
        LastWord is { KeptUsd: > 0 } plan ? plan.KeptUsd : null);
}
