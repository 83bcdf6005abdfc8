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
public sealed class ModelPreparation(Conversations conversations, IDefinitions definitions, ITools tools, IPrices published, ModelProviders providers)
{
    /// <summary>Null when the attempt is not due: the run has moved on, or stands still.</summary>
    public async Task<PreparedCall?> Prepare(string tenant, CallModel work, CancellationToken ct)
    {
        if (await conversations.Of(tenant, work.RunId, ct) is not { } told || !IsDue(told.Run, work)) return null;

        var (run, conversation, agent) = (told.Run, told.Conversation, await definitions.Of(told.Run.DefinitionHash, ct));
        var step = (ModelStep)agent.Steps[run.Step];
        var (entry, model) = providers.Of(run.ModelOf(step));
        var all = await published.InForce(tenant, ct);
        var prices = all.At(entry.Entry);
        var lastWords = new LastWords(providers, all, run, agent, conversation);
        var request = run.Closing is { } reason
            ? lastWords.Request(step, reason, model, prices)
            : RequestOf(run, agent, step, model, conversation, tools);
        request = request with { Entry = entry.Entry };
        var tokens = request.InputTokensAtMost();
        conversations.Keep(tenant, told, tokens);
        var offer = CallOffer.Of(request, tokens, prices) with { Provider = entry.Name, LastWord = lastWords.Plan() };
        return new(run, agent, step, conversation, prices, offer, tokens, told.Queued.RequestedBy, entry);
    }

    /// <summary>What the model is sent in a step, by what was said so far; not for a last word.</summary>
    /// <param name="model">As its provider names it.</param>
    public static ModelRequest RequestOf(Run run, AgentDefinition agent, ModelStep step, string model, Conversation conversation, ITools tools) =>
        ModelRequest.Of(conversation, step, model, agent.Limits, tools, isLast: agent.MayEndWith(run.Step), agent.Parameters);

    /// <summary>Who was asked in an attempt that was begun, and for which model, as that provider names it.</summary>
    /// <param name="before">The run before it was.</param>
    /// <returns>The entry; null for the main one.</returns>
    public static (string? Entry, string Model) Asked(Run before, ModelStep step, ModelCallStarted started)
    {
        var written = before.ModelOf(step);
        return started.Provider is { } entry && written.StartsWith($"{entry}/", StringComparison.Ordinal)
            ? (entry, written[(entry.Length + 1)..])
            : (null, written);
    }

    static bool IsDue(Run run, CallModel work) =>
        run.ModelCall is { Status: not AttemptStatus.Failed } call && call.Call == work.Call && call.Number == work.Attempt
        && (call.Status is AttemptStatus.Started || run.Status is RunStatus.Running);
}

/// <summary>A call that is ready to be claimed.</summary>
/// <param name="Offer">The request, with the most that it can cost.</param>
/// <param name="Prices">Of the entry that is asked.</param>
/// <param name="InputTokens">The most that the request has.</param>
/// <param name="Key">The credential that asked for the run.</param>
/// <param name="Entry">Whose model is asked.</param>
public sealed record PreparedCall(
    Run Run, AgentDefinition Agent, ModelStep Step, Conversation Conversation, PriceList Prices, CallOffer Offer, long InputTokens, string Key,
    ModelOptions Entry)
{
    /// <summary>No worker has claimed it yet.</summary>
    public bool IsNew => Run.ModelCall is { Status: AttemptStatus.Scheduled };

    /// <summary>As the provider names it.</summary>
    public string Model => Offer.Request.Options.ModelId!;

    public long TokensAtMost() => InputTokens + Offer.Request.Options.MaxOutputTokens!.Value;
}
