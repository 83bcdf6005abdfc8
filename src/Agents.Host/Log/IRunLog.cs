using Agents.Domain.Runs;

namespace Agents.Host.Log;

/// <summary>Reads what happened in runs.</summary>
public interface IRunLog
{
    /// <summary>The run with all its facts, in one read. Null when the tenant has no such run.</summary>
    /// <param name="version">The last fact that is wanted. Null means all.</param>
    Task<LoadedRun?> Load(string tenant, Guid runId, CancellationToken ct, long? version = null);

    /// <summary>What has happened in a run after one of its facts, oldest first.</summary>
    /// <param name="version">Of that fact.</param>
    Task<IReadOnlyList<RunEvent>> Since(string tenant, Guid runId, long version, CancellationToken ct);

    /// <summary>Runs as their checkpoints have them, without their facts. Those that the tenant does not have are left out.</summary>
    Task<IReadOnlyList<Run>> Checkpoints(string tenant, IReadOnlyCollection<Guid> runs, CancellationToken ct);

    /// <summary>What was said in the runs of its thread before this one, oldest first, within <see cref="EarlierMessage"/>'s bounds.</summary>
    Task<IReadOnlyList<EarlierMessage>> SaidBefore(string tenant, RunQueued queued, CancellationToken ct);
}

public static class RunLogs
{
    /// <summary>Null when the tenant has no such run.</summary>
    public static async Task<Run?> Checkpoint(this IRunLog log, string tenant, Guid runId, CancellationToken ct) =>
        (await log.Checkpoints(tenant, [runId], ct)) is [var run] ? run : null;
}
