using System.Text.Json.Nodes;
using Agents.Domain.Runs;
using Agents.Host.Models;

namespace Agents.Host.Tests.Models;

/// <summary>What must come of an odd reply.</summary>
enum Outcome
{
    /// <summary>The whole text, as if nothing were odd.</summary>
    Whole,

    /// <summary>No reply: one of the failures that are allowed, or any when none is named.</summary>
    Failure,

    /// <summary>Either; but an end, and a reason if there is no reply.</summary>
    Either,
}

/// <param name="Kind">The failure that it must be. Null when any will do.</param>
/// <param name="Words">What the failure's message must say. Null when anything will do.</param>
sealed record OddReply(string Name, FakeReply Reply, Outcome Outcome, FailureKind? Kind = null, string? Words = null);

/// <summary>
/// Odd replies, made from the rules of the wire formats: each member of each event missing, null, empty, of another type and twice; events missing,
/// twice and in another order; errors at every place; the stream cut after every event and split at every byte; frames as sloppy servers write them.
/// </summary>
static class OddReplies
{
    public const string Text = "Hello, wörld.";

    const string OpenAIHead = """{"id":"c-1","object":"chat.completion.chunk","created":1700000000,"model":"m","system_fingerprint":"fp","choices":[""";

    static readonly string[] OpenAI =
    [
        OpenAIHead + """{"index":0,"delta":{"role":"assistant","content":"Hello"},"logprobs":null,"finish_reason":null}]}""",
        OpenAIHead + """{"index":0,"delta":{"content":", wörld."},"logprobs":null,"finish_reason":null}]}""",
        OpenAIHead + """{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}""",
        OpenAIHead + """],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":0}},"service_tier":"default"}""",
    ];

    static readonly string[] OpenAITools =
    [
        OpenAIHead + """{"index":0,"delta":{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"add","arguments":""}}]},"finish_reason":null}]}""",
        OpenAIHead + """{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}]},"finish_reason":null}]}""",
        OpenAIHead + """{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
    ];

    static readonly string[] Anthropic =
    [
        """{"type":"message_start","message":{"id":"c-1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":10,"cache_read_input_tokens":0,"output_tokens":1,"service_tier":"standard"}}}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        """{"type":"ping"}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":", wörld."}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":5}}""",
        """{"type":"message_stop"}""",
    ];

    static readonly string[] AnthropicTools =
    [
        """{"type":"message_start","message":{"id":"c-1","model":"m","usage":{"input_tokens":10,"output_tokens":1}}}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"add","input":{}}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1}"}}""",
        """{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5}}""",
        """{"type":"message_stop"}""",
    ];

    static readonly string[] Ollama =
    [
        """{"model":"m","created_at":"2026-11-23T00:00:00Z","message":{"role":"assistant","content":"Hello"},"done":false}""",
        """{"model":"m","created_at":"2026-11-23T00:00:01Z","message":{"role":"assistant","content":", wörld."},"done":false}""",
        """{"model":"m","created_at":"2026-11-23T00:00:02Z","message":{"role":"assistant","content":""},"done_reason":"stop","done":true,"total_duration":1,"prompt_eval_count":10,"eval_count":5}""",
    ];

    static readonly string[] OllamaTools =
    [
        """{"model":"m","created_at":"now","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"add","arguments":{"x":1}}}]},"done":false}""",
        """{"model":"m","created_at":"now","message":{"role":"assistant","content":""},"done_reason":"stop","done":true}""",
    ];

    /// <summary>Members that hold the text, or hold what holds it: odd ones may lose some of it.</summary>
    static readonly string[] Holders = ["choices", "choices[0]", "delta", "content", "text", "message"];

    static readonly string[] Ways = ["missing", "null", "empty", "of another type", "twice"];

    public static IEnumerable<OddReply> Of(ModelProvider provider)
    {
        var (text, tools) = provider switch
        {
            ModelProvider.Anthropic => (Anthropic, AnthropicTools),
            ModelProvider.Ollama => (Ollama, OllamaTools),
            _ => (OpenAI, OpenAITools),
        };
        return Members(provider, text, mayBeWhole: true).Concat(Members(provider, tools, mayBeWhole: false))
            .Concat(Events(provider, text)).Concat(Errors(provider, text)).Concat(Cuts(provider, text)).Concat(Splits(provider, text))
            .Concat(Framings(provider, text));
    }

    static IEnumerable<OddReply> Members(ModelProvider provider, string[] events, bool mayBeWhole)
    {
        for (var at = 0; at < events.Length; at++)
            foreach (var path in Paths(JsonNode.Parse(events[at]), ""))
                foreach (var way in Ways)
                {
                    var odd = events.ToArray();
                    odd[at] = Write(JsonNode.Parse(events[at]), "", path, way);
                    var isLastOfOllama = provider is ModelProvider.Ollama && at == events.Length - 1 && path == ".done";
                    var mayLoseText = isLastOfOllama || Holders.Any(holder => path.EndsWith($".{holder}", StringComparison.Ordinal));
                    var isWhole = mayBeWhole && (way == "twice" || !mayLoseText);
                    yield return new($"event {at} with {path} {way}", Reply(provider, odd), isWhole ? Outcome.Whole : Outcome.Either);
                }
    }

    static IEnumerable<OddReply> Events(ModelProvider provider, string[] events)
    {
        for (var at = 0; at < events.Length; at++)
        {
            yield return new($"without event {at}", Reply(provider, [.. events[..at], .. events[(at + 1)..]]), Outcome.Either);
            yield return new($"event {at} twice", Reply(provider, [.. events[..(at + 1)], .. events[at..]]), Outcome.Either);
            yield return new($"{{}} before event {at}", Reply(provider, [.. events[..at], "{}", .. events[at..]]), Outcome.Whole);
            yield return new(
                $"something new before event {at}",
                Reply(provider, [.. events[..at], """{"type":"hologram","data":{"text":"no"}}""", .. events[at..]]), Outcome.Whole);
            yield return new($"event {at} before its time", Reply(provider, [events[at], .. events[..at], .. events[(at + 1)..]]), Outcome.Either);
        }
    }

    static IEnumerable<OddReply> Errors(ModelProvider provider, string[] events)
    {
        var end = Array.FindIndex(events, IsEnd);
        (string Error, FailureKind Kind, string Words)[] errors =
        [
            ("""{"type":"error","error":{"type":"insufficient_quota","message":"Pay first."}}""", FailureKind.Rejected, "Pay first."),
            ("""{"error":{"message":"Slow down.","code":429}}""", FailureKind.RateLimited, "Slow down."),
            ("""{"error":{"message":"Broken.","type":"server_error"},"choices":[]}""", FailureKind.Unavailable, "Broken."),
            ("""{"error":"It has stopped."}""", FailureKind.Unavailable, "It has stopped."),
        ];
        for (var at = 0; at < events.Length; at++)
            foreach (var (error, kind, words) in errors)
            {
                var reply = Reply(provider, [.. events[..at], error, .. events[at..]]);
                yield return at <= end
                    ? new($"{error} before event {at}", reply, Outcome.Failure, kind, words)
                    : new($"{error} after the end", reply, Outcome.Whole);
            }
    }

    /// <summary>Cut after each event, and within each at some bytes.</summary>
    static IEnumerable<OddReply> Cuts(ModelProvider provider, string[] events)
    {
        var end = Array.FindIndex(events, IsEnd);
        for (var count = 0; count <= events.Length; count++)
        {
            var whole = Reply(provider, events[..count], isEnded: false);
            yield return new(
                $"the first {count} events", whole, count > end ? Outcome.Whole : Outcome.Failure, count > end ? null : FailureKind.StreamCut);
            if (count == events.Length) yield break;

            var (before, odd) = (string.Concat(whole.Frames!), Frame(provider, events[count]));
            for (var length = 1; length < odd.TrimEnd().Length; length += 23)
                yield return new(
                    $"event {count} cut after {length}", FakeReply.Sends(before + odd[..length]),
                    count > end ? Outcome.Whole : Outcome.Failure, count > end ? null : FailureKind.StreamCut);
        }
    }

    /// <summary>The same bytes in two frames, so that the reader may get any part first.</summary>
    static IEnumerable<OddReply> Splits(ModelProvider provider, string[] events)
    {
        var whole = string.Concat(Reply(provider, events).Frames!);
        for (var at = 1; at < whole.Length; at += 41)
            yield return new($"split after {at}", FakeReply.Sends(whole[..at], whole[at..]), Outcome.Whole);
    }

    static IEnumerable<OddReply> Framings(ModelProvider provider, string[] events)
    {
        var whole = string.Concat(Reply(provider, events).Frames!);
        (string Name, string Body)[] framings =
        [
            ("carriage returns", whole.Replace("\n", "\r\n", StringComparison.Ordinal)),
            ("a byte order mark", "\uFEFF" + whole),
            ("comments", ": ping\n\n" + whole.Replace("\n\n", "\n\n: ping\n\n", StringComparison.Ordinal)),
            ("empty lines", "\n\n\n" + whole.Replace("\n\n", "\n\n\n\n", StringComparison.Ordinal)),
            ("no blank after the colon", whole.Replace("data: ", "data:", StringComparison.Ordinal)),
            ("empty data", "data:\n\ndata: \n\n" + whole),
            ("data that is null", "data: null\n\n" + whole),
            ("one line end for two", whole.Replace("\n\n", "\n", StringComparison.Ordinal)),
            ("no last line end", whole.TrimEnd('\n')),
            ("ids and waits", "id: 1\nretry: 1000\n\n" + whole),
        ];
        foreach (var (name, body) in framings) yield return new(name, FakeReply.Sends(body), Outcome.Whole);
    }

    static bool IsEnd(string data) =>
        data.Contains("\"finish_reason\":\"", StringComparison.Ordinal) || data.Contains("\"stop_reason\":\"", StringComparison.Ordinal)
        || data.Contains("\"done\":true", StringComparison.Ordinal);

    static FakeReply Reply(ModelProvider provider, string[] events, bool isEnded = true) => FakeReply.Sends(
    [
        .. events.Select(data => Frame(provider, data)),
        .. isEnded && provider is ModelProvider.OpenAI or ModelProvider.Azure ? new[] { "data: [DONE]\n\n" } : [],
    ]);

    static string Frame(ModelProvider provider, string data) => provider switch
    {
        ModelProvider.Ollama => data + "\n",
        ModelProvider.Anthropic => $"event: {NameOf(data)}\ndata: {data}\n\n",
        _ => $"data: {data}\n\n",
    };

    /// <summary>The event's name, also when the event has lost its type.</summary>
    static string NameOf(string data) =>
        data.Contains("\"message_start\"", StringComparison.Ordinal) || data.Contains("\"input_tokens\"", StringComparison.Ordinal) ? "message_start"
        : data.Contains("content_block\"", StringComparison.Ordinal) ? "content_block_start"
        : data.Contains("\"text_delta\"", StringComparison.Ordinal) || data.Contains("\"content_block_delta\"", StringComparison.Ordinal)
            || data.Contains("\"partial_json\"", StringComparison.Ordinal) ? "content_block_delta"
        : data.Contains("\"message_delta\"", StringComparison.Ordinal) || data.Contains("\"stop_reason\"", StringComparison.Ordinal) ? "message_delta"
        : data.Contains("\"message_stop\"", StringComparison.Ordinal) ? "message_stop"
        : data.Contains("\"error\"", StringComparison.Ordinal) ? "error"
        : "ping";

    static IEnumerable<string> Paths(JsonNode? node, string path) => node switch
    {
        JsonObject members => members.SelectMany(member => Paths(member.Value, $"{path}.{member.Key}").Prepend($"{path}.{member.Key}")),
        JsonArray items => items.SelectMany((item, at) => Paths(item, $"{path}[{at}]").Prepend($"{path}[{at}]")),
        _ => [],
    };

    /// <summary>The value as JSON, with what is at a path written in an odd way.</summary>
    static string Write(JsonNode? node, string path, string at, string way)
    {
        switch (node)
        {
            case JsonObject members:
                var written = members.SelectMany(member =>
                    Odd($"{path}.{member.Key}", member.Value, at, way).Select(value => $"\"{member.Key}\":{value}"));
                return $"{{{string.Join(',', written)}}}";
            case JsonArray items:
                return $"[{string.Join(',', items.SelectMany((item, index) => Odd($"{path}[{index}]", item, at, way)))}]";
            default:
                return node?.ToJsonString() ?? "null";
        }
    }

    static string[] Odd(string path, JsonNode? value, string at, string way)
    {
        if (path != at) return [Write(value, path, at, way)];

        return way switch
        {
            "missing" => [],
            "null" => ["null"],
            "empty" => [value switch { JsonObject => "{}", JsonArray => "[]", _ => "\"\"" }],
            "twice" when path.EndsWith(']') => [Write(value, path, "", way)], // in a list it would be another one
            "twice" => [OfAnotherType(value), Write(value, path, "", way)],
            _ => [OfAnotherType(value)],
        };
    }

    static string OfAnotherType(JsonNode? value) => value switch
    {
        JsonObject => "\"odd\"",
        JsonArray => "17",
        null => """{"odd":[1]}""",
        _ when value.GetValueKind() is System.Text.Json.JsonValueKind.String => "17",
        _ => "\"odd\"",
    };
}
