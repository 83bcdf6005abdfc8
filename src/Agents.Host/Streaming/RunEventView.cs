using System.Threading.Channels;
using Npgsql;

namespace Agents.Host.Streaming;

/// <summary>A fact with the run it belongs to. <c>runId</c> and <c>version</c> together name it: who gets it twice has it once.</summary>
/// <param name="Status">The run's when the fact was read.</param>
public sealed record RunEventView(Guid RunId, string Agent, string Status, long Version, string Type, DateTimeOffset At, System.Text.Json.JsonElement Data);
