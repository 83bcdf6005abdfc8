namespace Agents.Host.Engine;

/// <summary>Why something that was asked for is not done, in words for the one who asked. How a caller over HTTP is told stands in <c>Api</c>.</summary>
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
