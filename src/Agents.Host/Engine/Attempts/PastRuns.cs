using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Money;
using Agents.Host.Log;
using Agents.Host.Models;
using Agents.Host.Tools;

namespace Agents.Host.Engine.Attempts;

/// <summary>Reads runs as they were at one of their versions, with what their models were told by then. Buys nothing and writes nothing.</summary>
public sealed class PastRuns(IRunLog log, IDefinitions definitions, ITools tools, ModelProviders providers, IPrices published)
{
    /// <summary>The run after so many facts.</summary>
    /// <param name="version">From 1; more than there are means all.</param>
    public async Task<PastRun> At(string tenant, LoadedRun whole, long version, CancellationToken ct)
    {
        var (loaded, agent) = (whole.At(version), await definitions.Of(whole.Queued.DefinitionHash, ct));
        var said = loaded.Queued.Previous is null ? [] : await log.SaidBefore(tenant, loaded.Queued, ct);
        return new(loaded, agent, Conversation.Of(await log.Whole(tenant, loaded, ct), agent.Limits.PassagesPerStep, said));
    }

    /// <summary>The run with all its facts, in one read. Null when the tenant has no such run.</summary>
    public Task<LoadedRun?> Whole(string tenant, Guid runId, CancellationToken ct) => log.Load(tenant, runId, ct);

    /// <summary>The messages that a model would be sent at that version; without instructions where no model step is under way.</summary>
    public ModelRequest Told(PastRun past)
    {
        var step = past.Run.Step < 0 ? null : past.Agent.Steps[past.Run.Step] as ModelStep;
        return step is null
            ? ModelRequest.Of(past.Conversation, new ModelStep("", ""), past.Run.Model, past.Agent.Limits, tools)
            : ModelPreparation.RequestOf(
                past.Run, past.Agent, step, providers.Of(past.Run.ModelOf(step)).Model, past.Conversation, tools);
    }

    /// <summary>What was sent for one attempt of a model call, made up anew from the facts before it. Null when the run never began that attempt.</summary>
    public async Task<SentPrompt?> Sent(string tenant, Guid runId, int call, int attempt, CancellationToken ct)
    {
        if (await log.Load(tenant, runId, ct) is not { } whole) return null;

        var at = whole.Facts.Index().FirstOrDefault(
            fact => fact.Item.Happened is ModelCallStarted e && e.Call == call && e.Attempt == attempt);
        if (at.Item.Happened is not ModelCallStarted started) return null;

        var past = await At(tenant, whole, at.Index, ct);
        var request = await Sent(tenant, past, started, ct);
        return new(at.Index + 1, at.Item.At, started, started.MaxOutputTokens is { } tokens ? request.WithReplyOf(tokens) : request);
    }

    /// <summary>How much of what was found a last word is told depends on prices: those in force now, which may be others.</summary>
    async Task<ModelRequest> Sent(string tenant, PastRun past, ModelCallStarted started, CancellationToken ct)
    {
        var step = (ModelStep)past.Agent.Steps[past.Run.Step];
        var (entry, model) = ModelPreparation.Asked(past.Run, step, started);
        if (past.Run.Closing is not { } reason)
            return ModelPreparation.RequestOf(past.Run, past.Agent, step, model, past.Conversation, tools) with { Entry = entry };

        var prices = await published.InForce(tenant, ct);
        var lastWords = new LastWords(providers, prices, past.Run, past.Agent, past.Conversation);
        return lastWords.Request(step, reason, model, prices.At(entry)) with { Entry = entry };
    }

    /// <summary>
    /// The first fact of a run that the rules of this build would not have decided from the outcomes that were recorded. Null when all follow.
    /// </summary>
    public async Task<Divergence?> Check(string tenant, LoadedRun run, CancellationToken ct)
    {
        var agent = await definitions.Of(run.Queued.DefinitionHash, ct);
        var origin = run.Queued.ForkedFrom is { } from ? await log.Load(tenant, from.Run, ct, from.Version) : null;
        return DecisionReplay.Check(run.Run.Id, run.Events(), agent, origin is null ? null : (origin.Run, origin.Events()));
    }
}

/// <summary>A run as it was at one of its versions.</summary>
/// <param name="Loaded">Its facts up to that version.</param>
public sealed record PastRun(LoadedRun Loaded, AgentDefinition Agent, Conversation Conversation)
{
    public Run Run => Loaded.Run;
}

/// <summary>The request of an attempt, as the facts before it make it.</summary>
/// <param name="Version">Of the fact that stored the intent to send it.</param>
public sealed record SentPrompt(long Version, DateTimeOffset At, ModelCallStarted Started, ModelRequest Request);
