namespace Agents.Domain.Runs;

/// <summary>Where a run comes from that another run has started.</summary>
/// <param name="Run">The parent: the run whose tool call waits for this one.</param>
/// <param name="ToolCallId">That tool call.</param>
/// <param name="Attempt">Of that tool call.</param>
/// <param name="Root">The run at the root of both.</param>
/// <param name="Depth">1 for a child of the root, 2 for its children, and so on.</param>
public sealed record ChildOf(Guid Run, string ToolCallId, int Attempt, Guid Root, int Depth)
{
    /// <summary>The tool that starts a run and waits for it.</summary>
    public const string Tool = "subagent";

    /// <summary>Runs below runs: the deepest <see cref="Depth"/>.</summary>
    public const int MostDepth = 3;

    /// <summary>Runs that one run may start in all.</summary>
    public const int MostChildren = 20;

    /// <summary>The message that tells the parent to look how this run ended.</summary>
    public RunTool Notice() => new(Run, ToolCallId, Attempt);
}
