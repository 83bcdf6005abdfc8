using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>Watches one run from outside: each fact as it is stored, each request and effect as it happens, the whole when all is quiet.</summary>
sealed class Checks(AgentDefinition agent)
{
    readonly Dictionary<(int Call, int Attempt), Attempt> attempts = [];
    readonly Dictionary<(string ToolCallId, int Attempt), bool> claimedTools = []; // the value tells whether it has an outcome
    readonly HashSet<string> effects = [];
    readonly List<(string Worker, int Call, int Attempt)> replies = [];
    int completedSteps;
    bool isInStep, hasEnded;

    public IEnumerable<Attempt> Attempts => attempts.Values;

    public void Fact(RunEvent fact)
    {
        if (hasEnded && fact is not (ModelCallCompleted or ModelCallFailed or ModelCallOutcomeUnknown or SpendResolved
                or ToolCallCompleted or ToolCallFailed or PassagesRetrieved))
            throw new ViolationException(Invariant.OnlyBillsAfterTheEnd, fact.GetType().Name);

        switch (fact)
        {
            case StepStarted e: Step(e.Step, mayBe: !isInStep); isInStep = true; break;
            case StepCompleted e: Step(e.Step, mayBe: isInStep); isInStep = false; completedSteps++; break;
            case RunCompleted: Step(agent.Steps.Count, mayBe: !isInStep); hasEnded = true; break;
            case RunFailed or RunCancelled: hasEnded = true; break;
            case ModelCallStarted e: attempts.TryAdd((e.Call, e.Attempt), new(e)); break;
            case ModelCallCompleted e: Outcome(e.Call, e.Attempt, fact); break;
            case ModelCallFailed e: Outcome(e.Call, e.Attempt, fact); break;
            case ModelCallOutcomeUnknown e: Outcome(e.Call, e.Attempt, fact); break;
            case SpendResolved e: Resolved(e); break;
            case ToolCallStarted e: claimedTools.TryAdd((e.ToolCallId, e.Attempt), false); break;
            case ToolCallCompleted e: Outcome(e.ToolCallId, e.Attempt); break;
            case ToolCallFailed e: Outcome(e.ToolCallId, e.Attempt); break;
        }
    }

    /// <summary>A request reaches the provider.</summary>
    public void Sent(CallModel work, Request request)
    {
        if (!attempts.TryGetValue((work.Call, work.Attempt), out var attempt))
            throw new ViolationException(Invariant.NothingSentBeforeItsIntent, work.ToString());
        if (attempt.Request is not null) throw new ViolationException(Invariant.NoAttemptSentTwice, work.ToString());
        attempt.Request = request;
    }

    /// <summary>A tool that must not run twice begins.</summary>
    public void ToolBegins(RunTool work)
    {
        if (!claimedTools.ContainsKey((work.ToolCallId, work.Attempt)))
            throw new ViolationException(Invariant.NothingSentBeforeItsIntent, work.ToString());
    }

    /// <summary>A tool that must not run twice has its effect.</summary>
    public void Effect(string key)
    {
        if (!effects.Add(key)) throw new ViolationException(Invariant.UnsafeEffectAtMostOnce, key);
    }

    /// <summary>A priced reply has reached a worker.</summary>
    public void ReplyCame(string worker, CallModel work) => replies.Add((worker, work.Call, work.Attempt));

    /// <summary>A worker has died, and with it the replies that it had not reported.</summary>
    public void Died(string worker) => replies.RemoveAll(reply => reply.Worker == worker && !attempts[(reply.Call, reply.Attempt)].IsConfirmed());

    /// <summary>The model is about to be told this.</summary>
    public static void Told(Conversation conversation)
    {
        var asked = conversation.Turns.OfType<Turn.Model>().SelectMany(turn => turn.ToolUses).Select(use => use.ToolCallId)
            .Order(StringComparer.Ordinal);
        var told = conversation.Turns.OfType<Turn.Tool>().Select(turn => turn.ToolCallId).Order(StringComparer.Ordinal);
        if (!asked.SequenceEqual(told)) throw new ViolationException(Invariant.EveryToolRequestAnsweredOnce, string.Join(' ', told));
    }

    /// <summary>What must be true when nothing is under way any more.</summary>
    /// <param name="cut">Where to cut the history in two.</param>
    public void AllIsQuiet(EventLog log, int cut)
    {
        var versions = log.Facts.Select(fact => fact.Version);
        Require(versions.SequenceEqual(Enumerable.Range(1, log.Version)), Invariant.EveryVersionOnce, $"{log.Version} facts");
        foreach (var attempt in attempts.Values)
            Require(attempt.Outcome is not null, Invariant.EachIntentHasOneOutcome, $"None for {attempt.Started}");
        foreach (var (tool, hasOutcome) in claimedTools)
            Require(hasOutcome, Invariant.EachIntentHasOneOutcome, $"None for {tool}");

        foreach (var attempt in attempts.Values) attempt.RequireBounds();
        var low = attempts.Values.Sum(attempt => attempt.ConfirmedUsd());
        var high = low + attempts.Values.Sum(attempt => attempt.UnconfirmedUsd());
        Require(log.Run.CostUsd == low, Invariant.BilledWithinBounds, $"The run says {log.Run.CostUsd}, its facts {low}");
        Require(log.Run.SpentAtMostUsd() == high, Invariant.BilledWithinBounds, $"The run says at most {log.Run.SpentAtMostUsd()}, its facts {high}");
        foreach (var (worker, call, number) in replies)
            Require(attempts[(call, number)].IsConfirmed(), Invariant.RepliesThatCameAreOnTheBill, $"Call {call}.{number} to {worker}");

        Require(log.Stale == 0, Invariant.StaleWritesAreRefused, $"{log.Stale} stored");
        RequireSame(log, cut);
    }

    /// <summary>The checkpoint goes through its stored form, as after a restart.</summary>
    static void RequireSame(EventLog log, int cut)
    {
        var checkpoint = log.Facts.Take(cut).Select(stored => stored.Fact).Aggregate(Run.Before(log.Run.Id), Run.Evolve);
        var reread = JsonSerializer.Deserialize<Run>(JsonSerializer.SerializeToUtf8Bytes(checkpoint))!;
        var run = log.Facts.Skip(cut).Select(stored => stored.Fact).Aggregate(reread, Run.Evolve);
        var isSame = JsonSerializer.SerializeToUtf8Bytes(run).AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(log.Run));
        Require(isSame, Invariant.CheckpointAndRestMakeTheWhole, $"Cut at {cut}");
    }

    void Step(int step, bool mayBe) =>
        Require(mayBe && step == completedSteps, Invariant.EachStepOnceAndInOrder, $"Step {step} after {completedSteps}");

    void Outcome(int call, int number, RunEvent fact)
    {
        var attempt = attempts.GetValueOrDefault((call, number));
        if (attempt is not { Outcome: null })
            throw new ViolationException(Invariant.EachIntentHasOneOutcome, $"A second one, or one for nothing: {fact}");
        attempt.Outcome = fact;
    }

    void Outcome(string toolCallId, int number)
    {
        if (!claimedTools.TryGetValue((toolCallId, number), out var hasOutcome)) return; // it needed no claim
        Require(!hasOutcome, Invariant.EachIntentHasOneOutcome, $"A second one for {toolCallId}.{number}");
        claimedTools[(toolCallId, number)] = true;
    }

    void Resolved(SpendResolved fact)
    {
        var attempt = attempts.GetValueOrDefault((fact.Call, fact.Attempt));
        if (attempt is not { Outcome: ModelCallOutcomeUnknown, ResolvedUsd: null })
            throw new ViolationException(Invariant.EachIntentHasOneOutcome, $"Nothing to resolve: {fact}");
        attempt.ResolvedUsd = fact.ActualUsd;
    }

    static void Require(bool holds, Invariant invariant, string detail)
    {
        if (!holds) throw new ViolationException(invariant, detail);
    }
}
