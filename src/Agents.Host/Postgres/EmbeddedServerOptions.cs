namespace Agents.Host.Postgres;

/// <summary>What may be chosen about an embedded server. Counts for the process that starts it; one that joins takes it as it runs.</summary>
public sealed record EmbeddedServerOptions
{
    /// <summary>A commit survives a power cut. False is for throw-away test clusters only: it turns fsync off.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>Download the server programs when none are installed.</summary>
    public bool MayDownload { get; init; } = true;

    /// <summary>The bin directory of the server programs, and no other. Null to search, see <see cref="ProgramDirectories"/>.</summary>
    public string? Programs { get; init; }
}
