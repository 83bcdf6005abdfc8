namespace Agents.Host.Postgres;

/// <summary>How an embedded server stands. Asking neither starts nor creates anything.</summary>
/// <param name="Directory">Where the server keeps its files, whether or not it exists.</param>
/// <param name="ProcessId">Null unless running.</param>
/// <param name="Version">The full version of a running server, the major version of a stopped one; null when there is no cluster.</param>
/// <param name="SizeBytes">Of the data on disk, write-ahead log included.</param>
/// <param name="Programs">The server programs found on this machine, the ones that would be tried first first.</param>
public sealed record EmbeddedServerStatus(
    EmbeddedServerState State,
    string Directory,
    int? ProcessId,
    string? Version,
    long SizeBytes,
    IReadOnlyList<ServerPrograms> Programs);

/// <summary>Whether an embedded server is there and answers.</summary>
public enum EmbeddedServerState
{
    /// <summary>No cluster yet; the first start makes one.</summary>
    NotCreated,

    /// <summary>A cluster, and no server that runs it.</summary>
    Stopped,

    /// <summary>The server answers, or is just starting or stopping.</summary>
    Running,
}
