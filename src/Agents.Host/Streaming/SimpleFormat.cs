using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Host.Log;
using Agents.Host.Platform;

namespace Agents.Host.Streaming;

/// <summary>
/// Four kinds of message for front ends that only show progress: <c>{type: thinking|tool_call|tool_result|answer, content, tool?}</c>, and
/// <c>error</c> when there is no answer.
/// </summary>
public static class SimpleFormat
{
    sealed record Message(string Type, string Content, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Tool = null);

    public static async IAsyncEnumerable<Frame> Of(IAsyncEnumerable<StreamedItem> items, [EnumeratorCancellation] CancellationToken ct = default)
    {
        var (tools, told) = (new Dictionary<string, string>(), new HashSet<int>());
        await foreach (var item in items.WithCancellation(ct))
        {
            if (item is StreamedItem.Heartbeat) yield return Frame.Heartbeat;
            else if (item is StreamedItem.Fact { Stored: var stored } && MessageOf(stored, tools, told) is { } message)
                yield return new(stored.Version.ToString(null, null), null, JsonSerializer.Serialize(message, JsonFormat.Api));
        }

        yield return Frame.Done;
    }

    /// <param name="told">Steps whose output is made of results, which are told one by one.</param>
    static Message? MessageOf(EventView stored, Dictionary<string, string> tools, HashSet<int> told)
    {
        switch (stored.Type)
        {
            case "step_started":
                if (stored.Data.TryGetProperty("keepsResults", out _)) told.Add(Step());
                return new("thinking", Text("name"));
            case "step_completed" when Text("output").Length > 0 && !told.Contains(Step()):
                return new("thinking", Text("output"));
            case "wait_started":
                return new("thinking", stored.Data.GetProperty("signal").GetString() is { } signal ? $"Waits for signal {signal}." : "Waits.");
            case "signal_received":
                return new("thinking", $"Signal {Text("name")}: {Text("payload")}");
            case "tool_call_requested":
                tools[Text("toolCallId")] = Text("tool");
                return new("tool_call", Text("arguments"), Text("tool"));
            case "tool_call_completed":
                return new("tool_result", Text("result"), tools.GetValueOrDefault(Text("toolCallId")));
            case "run_completed":
                return new("answer", Text("answer"));
            case "run_failed" or "run_parked":
                return new("error", stored.Data.GetProperty("failure").GetProperty("message").GetString() ?? "");
            case "run_cancelled":
                return new("error", "Cancelled. " + Text("reason"));
            default:
                return null;
        }

        int Step() => stored.Data.GetProperty("step").GetInt32();

        string Text(string member) => stored.Data.GetProperty(member).GetString() ?? "";
    }
}
