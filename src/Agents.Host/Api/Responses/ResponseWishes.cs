using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Models.Outputs;

namespace Agents.Host.Api.Responses;

/// <summary>What <c>POST /v1/responses</c> asks of the models: the form of the text, and parameters; and how a response tells of it.</summary>
static class ResponseWishes
{
    /// <summary>The name under which a response tells of its schema: that of the request is not kept.</summary>
    const string SchemaName = "output";

    public static bool IsEffort(JsonElement reasoning) => reasoning.EnumerateObject().All(member => member.Value.ValueKind is JsonValueKind.Null
        || member.NameEquals("effort") && EffortOf(member.Value) is not null);

    public static bool IsFormat(JsonElement text) => text.EnumerateObject().All(member => member.Value.ValueKind is JsonValueKind.Null
        || member.NameEquals("format") && IsKnown(member.Value)
        || member.NameEquals("verbosity") && Text(member.Value) == "medium");

    /// <summary>Of a request whose parameters were found to be well formed. A sampling of 1 is the API's usual one, which asks for nothing.</summary>
    public static (string? Schema, ModelParameters? Parameters) Read(JsonElement root)
    {
        var format = Member(Member(root, "text"), "format");
        var schema = Text(Member(format, "type")) switch
        {
            "json_object" => OutputSchema.AnyObject,
            "json_schema" => Member(format, "schema"),
            _ => null,
        };
        var parameters = new ModelParameters(
            Chosen(root, "temperature"), Chosen(root, "top_p"), Member(root, "seed")?.GetInt64(),
            EffortOf(Member(Member(root, "reasoning"), "effort")), ParallelToolCalls: Member(root, "parallel_tool_calls")?.GetBoolean());
        return (schema?.GetRawText(), parameters.IsSilent() ? null : parameters);
    }

    /// <summary>Puts into a response what its run asks of the models; where it asks nothing, OpenAI's usual values stand there.</summary>
    public static void AddTo(JsonObject response, Brief? brief)
    {
        var parameters = brief?.Parameters ?? new();
        response["parallel_tool_calls"] = parameters.ParallelToolCalls ?? true;
        response["reasoning"] = new JsonObject { ["effort"] = parameters.ReasoningEffort?.ToString().ToLowerInvariant(), ["summary"] = null };
        response["temperature"] = parameters.Temperature ?? 1.0;
        response["top_p"] = parameters.TopP ?? 1.0;
        response["text"] = new JsonObject { ["format"] = FormatOf(brief?.OutputSchema) };
    }

    static double? Chosen(JsonElement root, string name) => Member(root, name)?.GetDouble() is { } value and not 1 ? value : null;

    static JsonObject FormatOf(string? schema)
    {
        if (schema is null) return new() { ["type"] = "text" };

        return OutputSchema.Read(schema).Schema is { IsAnyObject: true }
            ? new() { ["type"] = "json_object" }
            : new() { ["type"] = "json_schema", ["name"] = SchemaName, ["schema"] = JsonNode.Parse(schema), ["strict"] = true };
    }

    static bool IsKnown(JsonElement format) => Text(Member(format, "type")) switch
    {
        "text" or "json_object" => true,
        "json_schema" => Text(Member(format, "name")) is not null && Member(format, "schema") is { ValueKind: JsonValueKind.Object },
        _ => false,
    };

    static ReasoningEffort? EffortOf(JsonElement? effort) => Text(effort) switch
    {
        "minimal" => ReasoningEffort.Minimal,
        "low" => ReasoningEffort.Low,
        "medium" => ReasoningEffort.Medium,
        "high" => ReasoningEffort.High,
        _ => null,
    };

    /// <summary>Null when it is missing, or null itself.</summary>
    static JsonElement? Member(JsonElement? holder, string name) =>
        holder is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out var member) && member.ValueKind is not JsonValueKind.Null
            ? member
            : null;

    static string? Text(JsonElement? json) => json is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
