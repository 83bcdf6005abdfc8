using Agents.Domain.Runs;
using Agents.Host.Log;
using JasperFx.Events;
using Marten;
using Marten.Services;
using Npgsql;

namespace Agents.Host.Engine.Telemetry;

/// <summary>
/// When a run has ended: one more in <c>agents.runs.ended</c>, and the run as one <c>invoke_agent</c> span from being asked for to its end, in the
/// trace of the request. No model is named on it: a tool that adds up tokens by model would count them twice.
/// </summary>
public sealed class RunEndings(NpgsqlDataSource database, ILogger<RunEndings> log) : DocumentSessionListenerBase
{
    public override async Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        if (!RunTelemetry.Source.HasListeners() && !RunTelemetry.Runs.Enabled) return;

        foreach (var ended in commit.GetEvents())
            if (StatusOf(ended.Data) is { } status) await MeasureIfPossible(ended, status, token);
    }

    /// <summary>The end is stored; that it is missing in the metrics must not undo what follows from it.</summary>
    async Task MeasureIfPossible(IEvent ended, string status, CancellationToken ct)
    {
        try
        {
            await Measure(ended, status, ct);
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            log.LogWarning(e, "The end of run {Run} is missing in metrics and traces", ended.StreamId);
        }
    }

    async Task Measure(IEvent ended, string status, CancellationToken ct)
    {
        if (await RunOrigin.Of(database, ended.TenantId, ended.StreamId, ct) is not { Agent: var agent } origin) return;

        RunTelemetry.Runs.Add(1, new("gen_ai.agent.name", agent), new("agents.run.status", status));
        using var span = RunTelemetry.Begin(origin.TraceParent, $"invoke_agent {agent}", System.Diagnostics.ActivityKind.Internal, origin.QueuedAt);
        span?.SetTag("gen_ai.operation.name", "invoke_agent").SetTag("gen_ai.agent.name", agent)
            .SetTag("gen_ai.agent.version", $"{origin.AgentVersion}")
            .SetTag("gen_ai.conversation.id", ended.StreamId).SetTag("agents.run.id", ended.StreamId).SetTag("agents.run.status", status)
            .SetEndTime(ended.Timestamp.UtcDateTime);
        if (ended.Data is RunFailed failed)
            span?.SetTag("error.type", failed.Failure.Kind.ToString()).SetStatus(System.Diagnostics.ActivityStatusCode.Error);
    }

    static string? StatusOf(object happened) => happened switch
    {
        RunCompleted => "completed",
        RunFailed => "failed",
        RunCancelled => "cancelled",
        _ => null,
    };
}
