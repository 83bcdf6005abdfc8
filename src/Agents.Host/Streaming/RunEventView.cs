using System.Text.Json;

namespace Agents.Host.Streaming;

/// <summary>A fact with the run it belongs to. <c>runId</c> and <c>version</c> together name it: a reader that gets it twice can tell.</summary>
/// <param name="Status">The run's when the fact was read.</param>
public sealed record RunEventView(Guid RunId, string Agent, string Status, long Version, string Type, DateTimeOffset At, JsonElement Data);
