using System.Diagnostics;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Agents.Host.Knowledge;
using Agents.Host.Postgres;
using Agents.Host.Tools;

namespace Agents.Host.Engine.Requests;

/// <summary>Runs that continue others.</summary>
public sealed class Forks(IDefinitions definitions, ITools tools, DatabaseClock clock)
{
    /// <summary>Queues a fork. A run on whose budget it draws is locked until that ends.</summary>
    /// <param name="hash">SHA-256 of the request. Null without a key.</param>
    public async Task<Forked> Fork(
        IRunTransaction transaction, Guid id, ForkRunRequest wanted, Caller caller, string? key, string? hash, CancellationToken ct)
    {
        if (await transaction.Load(id, ct) is not { } loaded) return new(new Refusal(RefusalKind.Unknown, "Unknown run", $"There is no run {id}."));
        if (wanted.Version > loaded.Version)
            return new(new Refusal(RefusalKind.Malformed, "Bad version", $"The run has versions 1 to {loaded.Version}."));

        var (queued, agent) = (loaded.Queued, await definitions.Of(loaded.Queued.DefinitionHash, ct));
        IReadOnlyList<RunEvent> facts = [.. loaded.Facts.Select(fact => fact.Happened)];
        if (Forking.PointAt(id, facts, agent, wanted.Version) is not { } point)
            return new(new Refusal(RefusalKind.Malformed, "Bad version", "A fork is continued from the second version on at the earliest."));
        if (Forking.UnsafeToolUnderWay(point.Run, tools.IsRepeatable) is { } tool)
            return new(new Refusal(
                RefusalKind.Conflict, "Outcome unknown",
                $"At version {point.Version} a call of {tool}, which must not run twice, has no known outcome. Fork from an earlier version: "
                + "the call is then made anew if it is asked for."));

        var (forkId, root) = (clock.NewId(), point.Run.Root());
        var (budget, refusal) = await Hold(transaction, root, forkId, wanted.BudgetUsd, caller, ct);
        if (refusal is not null) return new(refusal);

        var state = Forking.StateOf(
            point.Run, facts.Take((int)point.Version), agent, Sanitiser.Text(wanted.Reason ?? "", TextBounds.ReasonCharacters));
        var first = Queued(queued, agent, wanted, caller) with
        {
            BudgetUsd = budget, IdempotencyKey = key is null ? null : Sanitiser.Text(key, TextBounds.KeyCharacters), RequestHash = hash,
            ForkedFrom = new(id, point.Version, root),
        };
        transaction.Begin(forkId, [first, state]);
        return new(null, forkId, new(id, point.Version), state.InheritedUsd);
    }

    /// <summary>The same agent, question, labels and conversation; a place in the queue, a caller and a time of its own.</summary>
    internal static RunQueued Queued(RunQueued origin, AgentDefinition agent, ForkRunRequest wanted, Caller caller) => new(
        origin.Agent, origin.AgentVersion, origin.DefinitionHash, wanted.Model ?? origin.Model,
        wanted.Question is { } question ? CleanText.Of(Sanitiser.Text(question, TextBounds.QuestionCharacters)) : origin.Question,
        wanted.Priority is null ? origin.Priority : Priorities.Parse(wanted.Priority)!.Value, caller.Name,
        agent.Limits.Duration ?? Limits.DefaultDuration, origin.Metadata,
        TraceParent: Activity.Current?.Id, Previous: origin.Previous, Brief: origin.Brief is { } brief ? brief with { IsAwaited = false } : null,
        RequestedByKey: caller.KeyId);

    /// <summary>
    /// What the fork may spend: of the root's own budget, if it has one. What forks that have ended left over of it is counted in, whether they have
    /// said so yet or not.
    /// </summary>
    async Task<(decimal? BudgetUsd, Refusal? Refusal)> Hold(
        IRunTransaction transaction, Guid root, Guid forkId, decimal? wanted, Caller caller, CancellationToken ct)
    {
        var ended = await transaction.Checkpoints([root], ct) is [{ Forks: { Count: > 0 } forks }]
            ? (await transaction.Checkpoints([.. forks.Keys], ct)).Where(fork => fork.IsFinished()).Select(FamilyWork.EndOf).ToList()
            : [];
        var decision = await transaction.Decide(root, definitions, (run, agent) =>
            RunDecider.Decide(run, agent, new HoldForFork(forkId, wanted, ended)), ct);
        if (decision is not { Run.BudgetUsd: not null }) return (wanted, null);
        if (decision.Events.OfType<ForkStarted>().FirstOrDefault() is { } held) return (held.HeldUsd, null);

        var left = RunDecider.LeftForForks(decision.Run, decision.Agent);
        var missing = wanted is null ? "" : FormattableString.Invariant($" and {wanted} wanted");
        var amounts = caller.SeesMoney ? FormattableString.Invariant($"{left} USD are left{missing}") : "too little is left";
        return (null, new(
            RefusalKind.Conflict, "Budget has no room",
            $"Forks draw on the budget of run {root}, of which {amounts}. PUT /runs/{root}/budget raises it, unless that run has ended."));
    }
}

/// <param name="Refusal">Why there is no fork. Null when there is.</param>
/// <param name="From">Null when there is no fork.</param>
public sealed record Forked(Refusal? Refusal, Guid Id = default, ForkedFromView? From = null, decimal InheritedUsd = 0);
