using Agents.Domain.Runs;

namespace Agents.Host.Tools;

/// <summary>What a tool brought.</summary>
/// <param name="Text">What the model is told; JSON unless the tool gave text.</param>
/// <param name="Retrieved">Set when the tool returned passages.</param>
/// <param name="Wanted">Set when the tool wants a run to be started; its answer is then what the tool brings.</param>
public sealed record ToolResult(string Text, Retrieved? Retrieved, ChildWanted? Wanted = null);
