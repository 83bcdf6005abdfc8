using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Knowledge;
using Agents.Host.Log;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Agents.Host.Tools;

namespace Agents.Host.Engine.Attempts;

/// <summary>Runs that runs start: what they inherit, and how they ended.</summary>
public sealed class ChildRuns(IFamilies families, IRunLog log, IDefinitions definitions, DatabaseClock clock, ModelProviders models)
{
    static readonly TimeSpan ShortestDuration = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A run that inherits tenant, caller, priority, labels, trace and what is left of the time. Its definition is stored; the run itself is not yet.
    /// </summary>
    public async Task<RecordChildWanted> Wanted(string tenant, RunTool work, Run parent, ChildWanted wanted, CancellationToken ct)
    {
        var child = clock.NewId();
        var agent = wanted.AgentFor(child);
        var hash = await definitions.Store(agent, ct);
        var inherited = await families.Inherited(tenant, parent.Id, ct);
        var own = agent.Limits.Duration ?? Limits.DefaultDuration;
        var duration = inherited.TimeLeft < own ? inherited.TimeLeft.Value : own;
        return new(work.ToolCallId, work.Attempt, child, new(
            agent.Name, agent.Version, hash, agent.Model ?? models.Main.Default,
            CleanText.Of(Sanitiser.Text(wanted.Question, TextBounds.QuestionCharacters)),
            inherited.Priority, inherited.RequestedBy, duration > ShortestDuration ? duration : ShortestDuration, parent.Metadata,
            Parent: parent.Id, TraceParent: parent.TraceParent,
            ChildOf: new(parent.Id, work.ToolCallId, work.Attempt, inherited.Root, (parent.ChildOf?.Depth ?? 0) + 1),
            RequestedByKey: inherited.RequestedByKey));
    }

    /// <summary>What the tool call that waits for a run has brought. Null while the run goes on.</summary>
    public async Task<ToolReport?> OutcomeOf(string tenant, RunTool work, Guid child, Limits limits, CancellationToken ct)
    {
        if (await log.Checkpoint(tenant, child, ct) is not { } run || !run.IsFinished()) return null;

        var (end, spent) = (await families.EndOf(tenant, child, ct), run.OwedAtMostUsd());
        if (run.Status is not RunStatus.Completed)
            return new RecordToolFailure(
                work.ToolCallId, work.Attempt,
                new(FailureKind.ToolError, $"The run of {run.Agent} {(run.Status is RunStatus.Failed ? "failed" : "was cancelled")}: {end.Why}"),
                end.Took, spent);

        // It stands before the answer, where no bound cuts it off.
        var note = end.CutBy is null ? "" : $"[The run of {run.Agent} was cut off by {end.CutBy}; its answer is not whole.]\n";
        var result = note + end.Answer;
        return new RecordToolResult(
            work.ToolCallId, work.Attempt, Sanitiser.Text(result, limits.ResultCharacters), result.Length > limits.ResultCharacters, end.Took,
            ChildUsd: spent);
    }
}
