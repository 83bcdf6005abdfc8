namespace Agents.Domain.Runs;

/// <summary>A message owed to a worker, and how long to hold it back. Owed twice does no harm: the claim decides.</summary>
public sealed record Work(object Message, TimeSpan Delay)
{
    /// <summary>The work a fact calls for, or null. Only what was scheduled is ever worked on, by a fact of its own or by its request.</summary>
    public static Work? DueTo(Guid runId, RunEvent happened) => happened switch
    {
        ModelCallScheduled e => new(new CallModel(runId, e.Call, e.Attempt), e.Delay),
        ToolCallRequested { NeedsApproval: false } e => new(new RunTool(runId, e.ToolCallId, Attempt: 1), TimeSpan.Zero),
        ToolCallScheduled e => new(new RunTool(runId, e.ToolCallId, e.Attempt), e.Delay),
        _ => null,
    };

    /// <summary>
    /// What a run that ends owes to others: its parent looks how it ended, the children it waited for are ended, and the run at the root gets back
    /// what is left of a fork's budget.
    /// </summary>
    public static IEnumerable<Work> DueToOthers(Run run, RunEvent happened)
    {
        if (happened is not (RunCompleted or RunFailed or RunCancelled)) yield break;

        if (run.ChildOf is { } parent) yield return new(parent.Notice(), TimeSpan.Zero);
        if (run is { ForkedFrom.Root: { } root, BudgetUsd: not null }) yield return new(new SettleFork(root, run.Id), TimeSpan.Zero);
        foreach (var call in run.ToolCalls.Values)
            if (call is { Status: ToolCallStatus.Started, Child: { } child }) yield return new(new EndChild(child, run.Id), TimeSpan.Zero);
    }

    /// <summary>All work outstanding, for a run that is resumed or whose messages may be lost.</summary>
    public static IEnumerable<Work> OwedBy(Run run)
    {
        if (run.ModelCall is { Status: AttemptStatus.Scheduled or AttemptStatus.Started } call)
            yield return new(new CallModel(run.Id, call.Call, call.Number), TimeSpan.Zero);

        foreach (var (id, tool) in run.ToolCalls)
            if (tool.Status is ToolCallStatus.Scheduled || tool.Status is ToolCallStatus.Started && tool.Child is null)
                yield return new(new RunTool(run.Id, id, tool.Attempt), TimeSpan.Zero);
    }
}
