namespace Agents.Host.Engine;

/// <summary>Why something that a caller asked for is not done, in words for that caller. How it is told over HTTP stands in <c>Api</c>.</summary>
public sealed record Refusal(RefusalKind Kind, string Title, string Detail);

public enum RefusalKind
{
    /// <summary>What was asked for makes no sense.</summary>
    Malformed,

    /// <summary>What it names is not there.</summary>
    Unknown,

    /// <summary>It does not fit what it names as that is now.</summary>
    Conflict,
}
