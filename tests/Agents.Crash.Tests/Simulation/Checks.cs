using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Microsoft.Extensions.AI;

namespace Agents.Crash.Tests.Simulation;

/// <summary>Watches one run from outside: each fact as it is stored, each request and effect as it happens, the whole when all is quiet.</summary>
sealed class Checks(World world, Guid runId, AgentDefinition agent)
{
    readonly Dictionary<(int Call, int Attempt), Attempt> attempts = [];
    readonly Dictionary<(string ToolCallId, int Attempt), bool> claimedTools = []; // the value tells whether it has an outcome
    readonly HashSet<string> effects = [];
    readonly Dictionary<string, int> lookedForInVain = []; // of a call, the last attempt of which a person said that it had no effect
    readonly List<Guid> children = [];
    readonly List<(string Worker, int Call, int Attempt)> replies = [];
    readonly Dictionary<(int Call, int Attempt), string> models = [];
    readonly HashSet<string> items = [];
    readonly Dictionary<int, int> visits = [];
    readonly List<SignalReceived> keptSignals = [];
    readonly HashSet<string> storedSignals = [], acceptedSignals = [];
    (int Wait, string? Signal, int? DueAt)? wait;
    int waits, lastWords;
    int? next = 0, open; // the step to come, and the one that has begun
    bool hasEnded;
    RunClosing? closing;

    public IEnumerable<Attempt> Attempts => attempts.Values;

    /// <summary>Facts that follow a history they were not decided on.</summary>
    public int Stale { get; set; }

    /// <summary>What the provider has billed for the run.</summary>
    public decimal BilledUsd { get; private set; }

    public void Fact(RunEvent fact)
    {
        if (hasEnded && fact is not (ModelCallCompleted or ModelCallFailed or ModelCallOutcomeUnknown or SpendResolved
                or ToolCallCompleted or ToolCallFailed or PassagesRetrieved or ForkStarted or ForkEnded))
            throw Violated(Invariant.OnlyBillsAfterTheEnd, fact.GetType().Name);

        switch (fact)
        {
            case StateInherited e: Inherited(e); break;
            case StepStarted e: Started(e); break;
            case StepSkipped e: Skipped(e); break;
            case StepCompleted e: Completed(e); break;
            case RunClosing e: Closes(e); break;
            case RunCompleted e: Ended(e); break;
            case ToolCallRequested { Call: null } e when closing is null: Requested(e); break;
            case RunFailed or RunCancelled: hasEnded = true; break;
            case WaitStarted e: Waits(e); break;
            case WaitEnded e: Waited(e); break;
            case SignalReceived e:
                Require(storedSignals.Add(e.Payload), Invariant.AcceptedSignalsAreStored, $"{e} twice");
                keptSignals.Add(e);
                break;
            case ModelCallScheduled e: Asks(e); break;
            case ModelCallStarted e: attempts.TryAdd((e.Call, e.Attempt), new(e)); break;
            case ModelCallCompleted e:
                Outcome(e.Call, e.Attempt, fact);
                Answers();
                world.Tally.Unfit += e.Reply.OutputProblems is null ? 0 : 1;
                break;
            case ToolCallRequested e: Require(closing is null, Invariant.LastWordIsOne, $"It asks for {e.Tool}"); break;
            case ModelCallFailed e: Outcome(e.Call, e.Attempt, fact); break;
            case ModelCallOutcomeUnknown e: Outcome(e.Call, e.Attempt, fact); break;
            case SpendResolved e: Resolved(e); break;
            case ChildRunStarted e: children.Add(e.Child); break;
            case ToolCallStarted e: claimedTools.TryAdd((e.ToolCallId, e.Attempt), false); break;
            case ToolCallResolved { Result: null } e: lookedForInVain[e.ToolCallId] = e.Attempt; break;
            case ToolCallCompleted e: Outcome(e.ToolCallId, e.Attempt); break;
            case ToolCallFailed e: Outcome(e.ToolCallId, e.Attempt); break;
        }
    }

    /// <summary>A person was told that the run has taken a signal.</summary>
    public void SignalAccepted(SignalReceived signal) => acceptedSignals.Add(signal.Payload);

    /// <summary>A transaction is stored that wrote to the run.</summary>
    public void Stored(Run run)
    {
        if (run is { Status: RunStatus.Running, Wait.Signal: { } name })
            Require(run.Signals?.First(name) is null, Invariant.NoWaitBesideItsSignal, $"{run.Wait} and {name} is kept");
    }

    /// <summary>A request reaches the provider.</summary>
    public void Sent(CallModel work, Request request, ModelRequest asked)
    {
        if (!attempts.TryGetValue((work.Call, work.Attempt), out var attempt))
            throw Violated(Invariant.NothingSentBeforeItsIntent, work.ToString());
        if (attempt.Request is not null) throw Violated(Invariant.NoAttemptSentTwice, work.ToString());
        attempt.Request = request;
        Require(models[(work.Call, work.Attempt)] == asked.Model(), Invariant.OneModelForEachAttempt, $"{asked.Model()} gets {work}");
        Require(closing is null || asked.Options.Tools is null or { Count: 0 }, Invariant.LastWordIsOne, "It offers tools");
        BilledUsd += request.BilledUsd;
    }

    /// <summary>A tool that must not run twice begins.</summary>
    public void ToolBegins(RunTool work)
    {
        if (!claimedTools.ContainsKey((work.ToolCallId, work.Attempt)))
            throw Violated(Invariant.NothingSentBeforeItsIntent, work.ToString());
    }

    /// <summary>
    /// A tool that must not run twice has its effect. A worker that was wrongly taken for dead may bring it about after a person has looked for it in
    /// vain and had the call made again: that is the person's doing.
    /// </summary>
    public void Effect(RunTool work)
    {
        if (work.Attempt <= lookedForInVain.GetValueOrDefault(work.ToolCallId)) return;
        if (!effects.Add(work.ToolCallId)) throw Violated(Invariant.UnsafeEffectAtMostOnce, work.ToolCallId);
    }

    /// <summary>Whether a person who looks finds the effect of a tool that must not run twice.</summary>
    public bool HadEffect(string key) => effects.Contains(key);

    /// <summary>A priced reply has reached a worker.</summary>
    public void ReplyCame(string worker, CallModel work) => replies.Add((worker, work.Call, work.Attempt));

    /// <summary>A worker has died, and with it the replies that it had not reported.</summary>
    public void Died(string worker) => replies.RemoveAll(reply => reply.Worker == worker && !attempts[(reply.Call, reply.Attempt)].IsConfirmed());

    /// <summary>The model is about to be told this.</summary>
    public void Told(IReadOnlyList<ChatMessage> messages)
    {
        var asked = messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().Select(call => call.CallId).Order(StringComparer.Ordinal);
        var told = messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Select(result => result.CallId).Order(StringComparer.Ordinal);
        if (!asked.SequenceEqual(told)) throw Violated(Invariant.EveryToolRequestAnsweredOnce, string.Join(' ', told));
    }

    /// <summary>What must be true when nothing is under way any more.</summary>
    /// <param name="cut">Where to cut the history in two.</param>
    public void AllIsQuiet(EventLog log, int cut)
    {
        foreach (var attempt in attempts.Values)
            Require(attempt.Outcome is not null, Invariant.EachIntentHasOneOutcome, $"None for {attempt.Started}");
        foreach (var (tool, hasOutcome) in claimedTools)
            Require(hasOutcome, Invariant.EachIntentHasOneOutcome, $"None for {tool}");

        foreach (var attempt in attempts.Values) attempt.RequireBounds(world);
        var low = attempts.Values.Sum(attempt => attempt.ConfirmedUsd());
        var high = low + attempts.Values.Sum(attempt => attempt.UnconfirmedUsd());
        Require(log.Run.CostUsd == low, Invariant.BilledWithinBounds, $"The run says {log.Run.CostUsd}, its facts {low}");
        Require(log.Run.SpentAtMostUsd() == high, Invariant.BilledWithinBounds, $"The run says at most {log.Run.SpentAtMostUsd()}, its facts {high}");
        foreach (var (worker, call, number) in replies)
            Require(attempts[(call, number)].IsConfirmed(), Invariant.RepliesThatCameAreOnTheBill, $"Call {call}.{number} to {worker}");

        foreach (var accepted in acceptedSignals)
            Require(storedSignals.Contains(accepted), Invariant.AcceptedSignalsAreStored, $"{accepted} is lost");
        Require(Stale == 0, Invariant.StaleWritesAreRefused, $"{Stale} stored");
        if (agent.AtLimit is AtLimit.Close && !log.Run.IsBudgetChanged)
            Require(BilledUsd <= log.Run.MostUsd(agent.Limits), Invariant.BudgetsAreKept, $"{BilledUsd} billed of {log.Run.MostUsd(agent.Limits)}");
        RequireSame(log, cut);
        RequireFamily(log);
    }

    void Answers()
    {
        if (closing is not null && !hasEnded) Require(++lastWords == 1, Invariant.LastWordIsOne, "A second one");
    }

    void Asks(ModelCallScheduled fact)
    {
        if (!models.TryAdd((fact.Call, fact.Attempt), fact.Model)) throw Violated(Invariant.OneModelForEachAttempt, $"Scheduled again: {fact}");
    }

    /// <summary>The step under way is left, and those up to the last model step are skipped.</summary>
    void Closes(RunClosing fact)
    {
        Require(closing is null, Invariant.LastWordIsOne, "It closes twice");
        closing = fact;
        if (open != fact.Step) (next, open) = (fact.Step, null);
    }

    /// <summary>The checkpoint goes through its stored form, as after a restart.</summary>
    void RequireSame(EventLog log, int cut)
    {
        var checkpoint = log.Load(null).Facts.Take(cut).Select(stored => stored.Happened).Aggregate(Run.Before(log.Run.Id), Run.Evolve);
        var reread = JsonSerializer.Deserialize<Run>(JsonSerializer.SerializeToUtf8Bytes(checkpoint))!;
        var run = log.Load(null).Facts.Skip(cut).Select(stored => stored.Happened).Aggregate(reread, Run.Evolve);
        var isSame = JsonSerializer.SerializeToUtf8Bytes(run).AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(log.Run));
        Require(isSame, Invariant.CheckpointAndRestMakeTheWhole, $"Cut at {cut}");
    }

    /// <summary>Runs that it started do not outlive it, forks have given back what they left over, and all together have cost no more than its budget.</summary>
    void RequireFamily(EventLog log)
    {
        foreach (var child in children)
            Require(!log.Run.IsFinished() || world.Database.Find(child)?.Run.IsFinished() is true, Invariant.ChildrenEndWithTheirParent, $"{child} goes on");
        foreach (var fork in log.Run.Forks?.Keys ?? [])
            Require(world.Database.Find(fork)?.Run.IsFinished() is false, Invariant.ForksGiveBackWhatIsLeft, $"{fork} has ended, and its money is held");
        if (log.Queued is not { BudgetUsd: { } budget, ForkedFrom: null, ChildOf: null }) return;

        var family = world.Database.Runs.Where(other => other.Run.Root() == runId).ToList();
        if (family.Exists(member => member.Run.IsBudgetChanged)) return; // a person gave more
        var billed = family.Sum(member => member.Checks.BilledUsd);
        Require(billed <= budget, Invariant.BudgetsAreKept, $"{billed} billed to the run and those it began, of {budget}");
    }

    void Inherited(StateInherited state)
    {
        (next, open) = state.IsInStep ? (null, state.Step) : (agent.After(state.Step), (int?)null);
        foreach (var (step, taken) in state.Visits ?? new Dictionary<int, int>()) visits[step] = taken;
    }

    void Started(StepStarted fact)
    {
        Require(open is null && next == fact.Step, Invariant.EachStepOnceAndInOrder, $"Step {fact.Step} begins where {next} was to come");
        (next, open) = (null, fact.Step);
        visits[fact.Step] = visits.GetValueOrDefault(fact.Step) + 1;
        Require(
            !(visits[fact.Step] > agent.Steps[fact.Step].Visits), Invariant.StepsAreTakenWithinTheirVisits,
            $"Step {fact.Step} is taken {visits[fact.Step]} times");
        items.Clear();
    }

    void Skipped(StepSkipped fact)
    {
        Require(open is null && next == fact.Step, Invariant.EachStepOnceAndInOrder, $"Step {fact.Step} is skipped where {next} was to come");
        next = agent.AfterSkipping(fact.Step);
    }

    void Completed(StepCompleted fact)
    {
        Require(open == fact.Step, Invariant.EachStepOnceAndInOrder, $"Step {fact.Step} ends where {open} goes on");
        if (closing is null) Form(fact.Step, fact.Output, fact.Output);
        (next, open) = (closing is null ? agent.After(fact.Step) : null, null);
    }

    void Ended(RunCompleted fact)
    {
        Require((next, open, wait) is (null, null, null), Invariant.EachStepOnceAndInOrder, $"The run ends in {open}, before {next}");
        if (closing is null && agent.Steps.Count == 1) Form(0, fact.Answer, fact.Output);
        hasEnded = true;
    }

    /// <summary>The items of a list of lines all differ, and so do the arguments of their calls. A fork asks again for what had no outcome.</summary>
    void Requested(ToolCallRequested fact)
    {
        if (open is { } step && agent.Steps[step] is ToolStep { ForEach: not null })
            Require(items.Add(fact.Arguments), Invariant.EachItemIsAskedForOnce, $"{fact.ToolCallId} once more: {fact.Arguments}");
    }

    void Waits(WaitStarted e)
    {
        Require(open is not null && wait is null && e.Wait == ++waits, Invariant.EachWaitEndsOnce, $"{e} after {wait}");
        wait = (e.Wait, e.Signal, e.EndsBy(SimulatedClock.At(world.Now)) is { } time ? SimulatedClock.TickOf(time) : null);
    }

    void Waited(WaitEnded e)
    {
        if (wait is not { } begun || begun.Wait != e.Wait) throw Violated(Invariant.EachWaitEndsOnce, $"{e} ends {wait}");

        wait = null;
        if (e.By is WaitEnd.Time) Require(begun.DueAt <= world.Now, Invariant.EachWaitEndsOnce, $"{e} before its time, {begun.DueAt}");
        else
        {
            var used = keptSignals.FindIndex(signal => signal.Name == begun.Signal);
            Require(used >= 0 && keptSignals[used].Payload == e.Payload, Invariant.EachSignalUsedOnce, $"{e} of {begun}");
            keptSignals.RemoveAt(used);
        }
    }

    void Form(int step, string output, string? json)
    {
        if (agent.Steps[step] is ModelStep { OutputSchema: not null })
            Require(json == output && SampleAgents.FitsTheForm(output), Invariant.OutputsFitTheirSchema, output);
    }

    void Outcome(int call, int number, RunEvent fact)
    {
        var attempt = attempts.GetValueOrDefault((call, number));
        if (attempt is not { Outcome: null })
            throw Violated(Invariant.EachIntentHasOneOutcome, $"A second one, or one for nothing: {fact}");
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
            throw Violated(Invariant.EachIntentHasOneOutcome, $"Nothing to resolve: {fact}");
        attempt.ResolvedUsd = fact.ActualUsd;
    }

    void Require(bool holds, Invariant invariant, string detail)
    {
        if (!holds) throw Violated(invariant, detail);
    }

    ViolationException Violated(Invariant invariant, string detail) => world.Violated(new(invariant, $"{detail} (run {world.NameOf(runId)})"));
}
