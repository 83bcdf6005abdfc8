using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Models;
using Agents.Host.Tools;
using Marten;
using Npgsql;

namespace Agents.Host.Engine.Attempts;

/// <summary>Runs that runs start: what they inherit, and how they ended.</summary>
public sealed class ChildRuns(NpgsqlDataSource database, IDocumentStore store, ModelOptions models)
{
    static readonly TimeSpan ShortestDuration = TimeSpan.FromSeconds(1);

    /// <summary>A run that inherits tenant, caller, priority, labels, trace and what is left of the time. Its definition is stored; the run itself is not yet.</summary>
    public async Task<RecordChildWanted> Wanted(string tenant, RunTool work, Run parent, ChildWanted wanted, CancellationToken ct)
    {
        await using (var session = store.LightweightSession(tenant))
        {
            Definitions.Store(session, wanted.Agent);
            await session.SaveChangesAsync(ct);
        }

        await using var command = database.CreateCommand(
            """
            select r.requested_by, r.priority, coalesce(r.root_run_id, r.run_id), q.deadline_at - clock_timestamp()
            from agents.run_summary r left join agents.run_queue q on q.tenant_id = r.tenant_id and q.run_id = r.run_id
            where r.tenant_id = $1 and r.run_id = $2
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = parent.Id });
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);

        var agent = wanted.Agent;
        var (own, left) = (agent.Limits.Duration ?? Limits.DefaultDuration, row.IsDBNull(3) ? (TimeSpan?)null : row.GetTimeSpan(3));
        var duration = left < own ? left.Value : own;
        return new(work.ToolCallId, work.Attempt, Guid.CreateVersion7(), new(
            agent.Name, agent.Version, agent.Hash(), agent.Model ?? models.Default, Sanitiser.Text(wanted.Question, TextBounds.QuestionCharacters),
            row.GetInt32(1), row.GetString(0), duration > ShortestDuration ? duration : ShortestDuration, parent.Metadata,
            Parent: parent.Id, TraceParent: parent.TraceParent,
            ChildOf: new(parent.Id, work.ToolCallId, work.Attempt, row.GetGuid(2), (parent.ChildOf?.Depth ?? 0) + 1)));
    }

    /// <summary>What the tool call that waits for a run has brought. Null while the run goes on.</summary>
    public async Task<ToolReport?> OutcomeOf(string tenant, RunTool work, Guid child, Limits limits, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        if (await session.LoadAsync<Run>(child, ct) is not { } run || !run.IsFinished()) return null;

        await using var command = database.CreateCommand(
            "select answer, coalesce(failure_message, reason, ''), finished_at - queued_at from agents.run_summary where tenant_id = $1 and run_id = $2");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = child });
        await using var row = await command.ExecuteReaderAsync(ct);
        await row.ReadAsync(ct);

        var (took, spent) = (row.GetTimeSpan(2), run.CommittedUsd());
        if (run.Status is not RunStatus.Completed)
            return new RecordToolFailure(
                work.ToolCallId, work.Attempt,
                new(FailureKind.ToolError, $"The run of {run.Agent} {(run.Status is RunStatus.Failed ? "failed" : "was cancelled")}: {row.GetString(1)}"), took, spent);

        var answer = row.GetString(0);
        return new RecordToolResult(
            work.ToolCallId, work.Attempt, Sanitiser.Text(answer, limits.ResultCharacters), answer.Length > limits.ResultCharacters, took, ChildUsd: spent);
    }
}
