using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Money;
using Agents.Host.Log;
using Agents.Host.Models;
using Agents.Host.Tools;

namespace Agents.Host.Engine.Attempts;

/// <summary>Makes up the request of a model call attempt from the run's log.</summary>
public sealed class ModelPreparation(Conversations conversations, IDefinitions definitions, ITools tools, IPrices published)
{
    /// <summary>Null when the attempt is not due: the run has moved on, or stands still.</summary>
    public async Task<PreparedCall?> Prepare(string tenant, CallModel work, CancellationToken ct)
    {
        if (await conversations.Of(tenant, work.RunId, ct) is not { } told || !IsDue(told.Run, work)) return null;

        var (run, conversation, agent) = (told.Run, told.Conversation, await definitions.Of(told.Run.DefinitionHash, ct));
        var step = (ModelStep)agent.Steps[run.Step];
        var request = RequestOf(run, agent, step, conversation, tools);
        conversations.Keep(tenant, told, request.InputTokensAtMost());
        var prices = await published.InForce(tenant, ct);
        return new(run, agent, step, conversation, prices, CallOffer.Of(request, prices), told.Queued.RequestedBy);
    }

    /// <summary>What the model is sent in a step, by what was said so far.</summary>
    public static ModelRequest RequestOf(Run run, AgentDefinition agent, ModelStep step, Conversation conversation, ITools tools) =>
        ModelRequest.Of(conversation, step, step.Model ?? run.Model, agent.Limits, tools, isLast: run.Step == agent.Steps.Count - 1);

    static bool IsDue(Run run, CallModel work) =>
        run.ModelCall is { Status: not AttemptStatus.Failed } call && call.Call == work.Call && call.Number == work.Attempt
        && (call.Status is AttemptStatus.Started || run.Status is RunStatus.Running);
}

/// <summary>A call that is ready to be claimed.</summary>
/// <param name="Offer">The request, with the most that it can cost.</param>
/// <param name="Key">The credential that asked for the run.</param>
public sealed record PreparedCall(
    Run Run, AgentDefinition Agent, ModelStep Step, Conversation Conversation, PriceList Prices, CallOffer Offer, string Key)
{
    /// <summary>No worker has claimed it yet.</summary>
    public bool IsNew => Run.ModelCall is { Status: AttemptStatus.Scheduled };

    public string Model => Offer.Request.Options.ModelId!;

    public long TokensAtMost() => (Offer.Estimate?.InputTokens ?? Offer.Request.InputTokensAtMost()) + Offer.Request.Options.MaxOutputTokens!.Value;
}
