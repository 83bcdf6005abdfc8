using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>Where one run may be continued by another, and what the other begins with.</summary>
public static class Forking
{
    /// <summary>
    /// The last version, not after the wanted one, from which the next step or call can be decided: the run had not ended, and all facts of the same
    /// transaction have happened. In a run that has ended that is before what ended it; in a completed one, before its last reply.
    /// </summary>
    /// <param name="history">The run's own facts, from the first.</param>
    /// <param name="version">From 1. Null means the whole history.</param>
    /// <returns>The version and the run as it was then; null when there is none.</returns>
    public static (long Version, Run Run)? PointAt(Guid runId, IReadOnlyList<RunEvent> history, AgentDefinition agent, long? version)
    {
        (long, Run)? last = null;
        var run = Run.Before(runId);
        for (var at = 0; at < history.Count && !(at >= version); at++)
        {
            run = Run.Evolve(run, history[at]);
            if (run.IsFinished() || at + 1 < history.Count && IsInOneBreath(history[at], history[at + 1])) continue;
            if (run.IsInStep || StepRules.TakesAnother(run, agent)) last = (at + 1, run);
        }

        return last;
    }

    /// <summary>
    /// A tool that must not run twice and whose call is under way, or may have had its effect: its outcome belongs to the run, not to a fork. Null
    /// when there is none.
    /// </summary>
    public static string? UnsafeToolUnderWay(Run run, Func<string, bool> isRepeatable)
    {
        return run.IsInStep ? run.ToolCalls.Values.FirstOrDefault(IsUnsafe)?.Tool : null;

        bool IsUnsafe(ToolCall call) =>
            call is { Status: ToolCallStatus.Started, Child: null } or { Status: ToolCallStatus.Failed, Failure: FailureKind.OutcomeUnknown }
            || call is { Status: ToolCallStatus.Scheduled, Attempt: > 0 } && !isRepeatable(call.Tool);
    }

    /// <summary>
    /// What a fork begins with. Results are taken over; what is open is not: it belongs to the run, and is begun anew, a wait too. Signals that no
    /// wait has used stay with the run they were sent to. Attempts, and calls of the step under way, count from nothing.
    /// </summary>
    /// <param name="history">The facts that made the run what it is.</param>
    public static StateInherited StateOf(Run run, IEnumerable<RunEvent> history, AgentDefinition agent, string reason) => new(
        run.Step, run.Step < 0 ? "" : agent.Steps[run.Step].Name, run.IsInStep, run.Outputs, run.ModelCalls - (run.ModelCall is null ? 0 : 1),
        IsWorthKeeping(run, agent) ? [.. run.ToolCalls.Select(call => Inherited(call.Key, call.Value))] : [],
        run.InheritedUsd + run.CostUsd, reason, DoubtsIn(history), run.IsInStep && run.KeepsResults, run.IsInStep && run.KeepsAnswer, run.Visits,
        run.Answer);

    static List<InheritedDoubt>? DoubtsIn(IEnumerable<RunEvent> history)
    {
        var (step, doubts) = (-1, new List<InheritedDoubt>());
        foreach (var happened in history)
            switch (happened)
            {
                case StateInherited e: (step, doubts) = (e.Step, [.. e.Doubts ?? []]); break;
                case StepStarted e: step = e.Step; break;
                case ToolCallFailed { Failure.Kind: FailureKind.OutcomeUnknown } e: doubts.Add(new(step, e.ToolCallId)); break;
                case ToolCallResolved e: doubts.RemoveAll(doubt => doubt.ToolCallId == e.ToolCallId); break;
            }

        return doubts.Count > 0 ? doubts : null;
    }

    /// <summary>Of a tool step nothing of which has come to anything, all calls are made anew, as if it began.</summary>
    static bool IsWorthKeeping(Run run, AgentDefinition agent) => run is { IsInStep: true, ModelCall: null }
        && (agent.Steps[run.Step] is ModelStep
            || run.ToolCalls.Values.Any(call => call.Status is not (ToolCallStatus.Failed or ToolCallStatus.Denied)));

    static InheritedToolCall Inherited(string id, ToolCall call) => call.IsSettled()
        ? new(id, call.Tool, call.Status is ToolCallStatus.Failed ? call.Arguments : null, call.Status, call.Attempt, call.Failure, call.Result)
        : new(id, call.Tool, call.Arguments, ToolCallStatus.Scheduled, Attempt: 0);

    /// <summary>The second of two facts always comes with the first, in the same transaction, and the run is not at rest between them.</summary>
    static bool IsInOneBreath(RunEvent first, RunEvent second) => first is StepSkipped or ToolCallResolved { Result: null, Failed: null } || second switch
    {
        StateInherited or StepCompleted or RunCompleted or ToolCallRequested => true,
        ToolCallScheduled { Attempt: 1 } or ToolCallFailed { Attempt: 0 } => true,
        ToolCallCompleted => first is PassagesRetrieved,
        WaitEnded => first is SignalReceived, // else the signal that ended the wait would be left behind
        _ => false,
    };
}
