using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Knowledge;

namespace Agents.Host.Api.Responses;

/// <summary>The <c>input</c> of a request, taken apart.</summary>
/// <param name="Messages">Of the user and the assistant, in order.</param>
/// <param name="QuestionMessages">How many of the last messages are the question: those of the user after the last of the assistant.</param>
/// <param name="Instructions">Messages of the system or developer.</param>
/// <param name="Refusal">What cannot be honoured; null when all can.</param>
sealed record ResponseInput(
    List<EarlierMessage> Messages, int QuestionMessages, List<string> Instructions, List<GivenAnswer> Answers, OpenAIRefusal? Refusal)
{
    const int MostItems = 500;

    /// <summary>What an earlier response held and a client may send back with it: the agent looks things up anew.</summary>
    static readonly HashSet<string> PassedOver = ["file_search_call", "mcp_call", "mcp_list_tools", "mcp_approval_request", "reasoning"];

    public static ResponseInput Read(JsonElement given)
    {
        var input = new ResponseInput([], 0, [], [], null);
        if (given.ValueKind is JsonValueKind.String)
        {
            input.Messages.Add(new(Speaker.User, Clean(given.GetString()!)));
            return input with { QuestionMessages = 1 };
        }

        if (given.GetArrayLength() > MostItems)
            return input with { Refusal = new(400, $"An input may have {MostItems} items.", "input", "array_above_max_length") };

        var position = 0;
        foreach (var item in given.EnumerateArray())
            if (input.Add(item, $"input[{position++}]") is { } refusal) return input with { Refusal = refusal };

        if (
            input.Answers.Count > 0 && given[given.GetArrayLength() - 1] is { ValueKind: JsonValueKind.Object } last
                && TypeOf(last) is not "mcp_approval_response")
            return input with { Refusal = new(
                400, "Approvals are answered alone: ask what you want to ask when they have been.", "input", "invalid_value") };
        return input with { QuestionMessages = input.Messages.AsEnumerable().Reverse().TakeWhile(message => message.By is Speaker.User).Count() };
    }

    OpenAIRefusal? Add(JsonElement item, string at)
    {
        if (item.ValueKind is not JsonValueKind.Object) return new(400, $"Invalid type for '{at}': expected an object.", at, "invalid_type");

        var type = TypeOf(item);
        if (PassedOver.Contains(type)) return null;
        return type switch
        {
            "message" => AddMessage(item, at),
            "mcp_approval_response" => AddAnswer(item, at),
            _ => new(400, $"Items of type '{type}' are not supported here.", at, "unsupported_value"),
        };
    }

    OpenAIRefusal? AddMessage(JsonElement item, string at)
    {
        var (text, refusal) = TextOf(item, at);
        if (refusal is not null) return refusal;

        switch (item.TryGetProperty("role", out var role) && role.ValueKind is JsonValueKind.String ? role.GetString() : null)
        {
            case "user": Messages.Add(new(Speaker.User, text)); return null;
            case "assistant": if (text.Length > 0) Messages.Add(new(Speaker.Assistant, text)); return null;
            case "system" or "developer": Instructions.Add(text); return null;
            default: return new(400, "A message's role is user, assistant, system or developer.", $"{at}.role", "invalid_value");
        }
    }

    static (string Text, OpenAIRefusal? Refusal) TextOf(JsonElement item, string at)
    {
        if (!item.TryGetProperty("content", out var content))
            return ("", new(400, $"Missing required parameter: '{at}.content'.", $"{at}.content", "missing_required_parameter"));
        if (content.ValueKind is JsonValueKind.String) return (Clean(content.GetString()!), null);
        if (content.ValueKind is not JsonValueKind.Array)
            return ("", new(400, $"Invalid type for '{at}.content': expected a string or an array.", $"{at}.content", "invalid_type"));

        var parts = new List<string>();
        foreach (var part in content.EnumerateArray())
        {
            var type = part.ValueKind is JsonValueKind.Object ? TypeOf(part, "") : "";
            var name = type is "refusal" ? "refusal" : "text";
            if (
                type is not ("input_text" or "output_text" or "text" or "refusal") || !part.TryGetProperty(name, out var text)
                    || text.ValueKind is not JsonValueKind.String)
                return ("", new(400, $"Content of type '{type}' is not supported here: agents read text.", $"{at}.content", "unsupported_value"));
            parts.Add(text.GetString()!);
        }

        return (Clean(string.Join("\n", parts)), null);
    }

    OpenAIRefusal? AddAnswer(JsonElement item, string at)
    {
        if (!item.TryGetProperty("approval_request_id", out var id) || id.ValueKind is not JsonValueKind.String || !ResponseIds.TryParseApproval(
            id.GetString(), out var runId, out var toolCallId))
            return new(400, "No approval was asked for under this id.", $"{at}.approval_request_id", "invalid_value");
        if (!item.TryGetProperty("approve", out var approve) || approve.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            return new(400, $"Missing required parameter: '{at}.approve'.", $"{at}.approve", "missing_required_parameter");

        var reason = item.TryGetProperty("reason", out var why) && why.ValueKind is JsonValueKind.String ? Sanitiser.Text(why.GetString(), 500) : "";
        Answers.Add(new(runId, toolCallId, approve.GetBoolean(), reason));
        return null;
    }

    /// <summary>A message may leave its type out.</summary>
    static string TypeOf(JsonElement item, string otherwise = "message") =>
        item.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String ? type.GetString()! : otherwise;

    static string Clean(string text) => CleanText.Of(Sanitiser.Text(text, int.MaxValue));
}

/// <summary>A client's answer to a tool call that waits for approval.</summary>
public sealed record GivenAnswer(Guid RunId, string ToolCallId, bool IsApproved, string Reason);
