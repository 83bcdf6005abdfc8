using System.Text.Json;
using Agents.Host.Http;

namespace Agents.Host.Api.Responses;

/// <summary>Every parameter of <c>POST /v1/responses</c>: of which type it must be, and which values can be honoured.</summary>
static class ResponseParameters
{
    const string AgentsOwn = "An agent has its own tools; it takes none from a request.";
    const string AgentsModel = "The agent decides how its model is called.";

    sealed record Rule(string Type, Func<JsonElement, bool> IsType, Func<JsonElement, bool>? CanBeHonoured = null, string Why = "");

    static readonly Dictionary<string, Rule> Rules = new(StringComparer.Ordinal)
    {
        ["model"] = Text(),
        ["input"] = new("a string or an array", value => value.ValueKind is JsonValueKind.String or JsonValueKind.Array),
        ["instructions"] = Text(),
        ["metadata"] = new("an object of strings", value => IsObject(value) && value.EnumerateObject().All(label => IsText(label.Value))),
        ["previous_response_id"] = Text(),
        ["background"] = Flag(),
        ["stream"] = Flag(),
        ["include"] = new("an array of strings", value => IsArray(value) && value.EnumerateArray().All(IsText)),
        ["max_output_tokens"] = new(
            "an integer from 1", value => value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var most) && most >= 1),
        ["service_tier"] = Text(
            value => ServiceTiers.PriorityOf(value.GetString()) is not null, "The tiers here are auto, default, flex and priority."),
        ["truncation"] = Text(value => value.GetString() is "auto" or "disabled", "It is auto or disabled."),
        ["store"] = Flag(
            value => value.ValueKind is JsonValueKind.True,
            "Every run is kept as an audit log; what must not be shown here again can be deleted here afterwards."),
        ["stream_options"] = new("an object", IsObject),

        // Hints to OpenAI about caches and abuse: nothing here depends on them.
        ["user"] = Text(), ["safety_identifier"] = Text(), ["prompt_cache_key"] = Text(), ["prompt_cache_retention"] = Text(),
        ["prompt_cache_options"] = new("an object", IsObject),

        ["temperature"] = Number(value => value.GetDouble() is >= 0 and <= 2, "It is from 0 to 2."),
        ["top_p"] = Number(value => value.GetDouble() is > 0 and <= 1, "It is above 0 and at most 1."),
        ["seed"] = new("an integer", value => value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out _)),
        ["top_logprobs"] = Number(value => value.GetDouble() == 0, AgentsModel),
        ["max_tool_calls"] = Number(_ => false, "The agent's limits decide how many tools are called."),
        ["parallel_tool_calls"] = Flag(),
        ["tools"] = new("an array", IsArray, value => value.GetArrayLength() == 0, AgentsOwn),
        ["tool_choice"] = new("a string or an object", _ => true, value => IsText(value) && value.GetString() is "auto", AgentsOwn),
        ["reasoning"] = new("an object", IsObject, ResponseWishes.IsEffort, "It has an effort: minimal, low, medium or high."),
        ["text"] = new("an object", IsObject, ResponseWishes.IsFormat, "Its format is text, json_object, or json_schema with name and schema."),
        ["conversation"] = new("a string or an object", _ => true, _ => false, "Continue a conversation with previous_response_id."),
        ["prompt"] = new("an object", IsObject, _ => false, "There are no stored prompts; the agent has its own."),
        ["context_management"] = new(
            "an array", IsArray, value => value.GetArrayLength() == 0, "The latest of a conversation is kept, within bounds."),
        ["moderation"] = new("an object", _ => true, _ => false, "There is no moderation."),
    };

    /// <summary>The first thing that cannot be honoured, or null. A parameter that is null was not given.</summary>
    public static OpenAIRefusal? Refused(JsonElement request)
    {
        foreach (var given in request.EnumerateObject())
        {
            if (!Rules.TryGetValue(given.Name, out var rule)) return new(400, $"Unknown parameter: '{given.Name}'.", given.Name, "unknown_parameter");
            if (given.Value.ValueKind is JsonValueKind.Null) continue;
            if (!rule.IsType(given.Value)) return new(400, $"Invalid type for '{given.Name}': expected {rule.Type}.", given.Name, "invalid_type");
            if (rule.CanBeHonoured?.Invoke(given.Value) is false)
                return OpenAIRefusal.Unsupported(given.Name, $"This value of '{given.Name}' is not supported. {rule.Why}");
        }

        return null;
    }

    static Rule Text(Func<JsonElement, bool>? can = null, string why = "") => new("a string", IsText, can, why);

    static Rule Flag(Func<JsonElement, bool>? can = null, string why = "") =>
        new("a boolean", value => value.ValueKind is JsonValueKind.True or JsonValueKind.False, can, why);

    static Rule Number(Func<JsonElement, bool> can, string why) => new("a number", value => value.ValueKind is JsonValueKind.Number, can, why);

    static bool IsText(JsonElement value) => value.ValueKind is JsonValueKind.String;

    static bool IsArray(JsonElement value) => value.ValueKind is JsonValueKind.Array;

    static bool IsObject(JsonElement value) => value.ValueKind is JsonValueKind.Object;
}
