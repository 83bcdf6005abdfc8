using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Host.Models.Outputs;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Offline;

/// <summary>
/// Puts the offline model's text into the form of a schema, by rules: what the schema fixes (<c>const</c>, the first of <c>enum</c>) is taken; a string
/// is the whole text; a list of strings has its lines; a boolean says whether there is an answer; a number is 0, or the nearest that is allowed; of
/// an object the required members are filled, all of them when none is required.
/// </summary>
sealed class OfflineJson
{
    const int Depth = 16;

    readonly JsonElement root;
    readonly string text;
    readonly bool isAnswer;

    OfflineJson(JsonElement root, string text)
    {
        (this.root, this.text) = (root, text);
        isAnswer = !text.StartsWith(OfflineExtractiveModel.Abstention, StringComparison.Ordinal);
    }

    /// <summary>The same words and quotes, as JSON. It does not fit a schema that asks for more than the rules know, such as a pattern.</summary>
    public static TextContent Of(OutputSchema schema, TextContent said)
    {
        var json = new OfflineJson(schema.Json, said.Text).Fill(schema.Json, Depth)?.ToJsonString(Platform.JsonFormat.Api) ?? "null";
        return new(json)
        {
            Annotations = [.. (said.Annotations ?? []).OfType<CitationAnnotation>().Select(citation => new CitationAnnotation
            {
                Title = citation.Title, Snippet = citation.Snippet, AdditionalProperties = citation.AdditionalProperties,
            })],
        };
    }

    JsonNode? Fill(JsonElement schema, int depth)
    {
        if (schema.ValueKind is not JsonValueKind.Object || depth == 0) return JsonValue.Create(text);
        if (schema.TryGetProperty("const", out var constant)) return Node(constant);
        if (schema.TryGetProperty("enum", out var values) && values.EnumerateArray().ToList() is [var first, ..]) return Node(first);
        if (schema.TryGetProperty("$ref", out var reference) && SchemaWalk.Target(root, reference.GetString()!) is { } target)
            return Fill(target, depth - 1);
        foreach (var choice in new[] { "anyOf", "oneOf", "allOf" })
            if (!schema.TryGetProperty("type", out _) && schema.TryGetProperty(choice, out var several)
                && several.EnumerateArray().ToList() is [var one, ..])
                return Fill(one, depth - 1);

        return TypeOf(schema) switch
        {
            "object" => Members(schema, depth),
            "array" => Items(schema, depth),
            "boolean" => JsonValue.Create(isAnswer),
            "integer" or "number" => JsonValue.Create(Number(schema)),
            "null" => null,
            _ => JsonValue.Create(Cut(text, schema)),
        };
    }

    JsonObject Members(JsonElement schema, int depth)
    {
        var required = schema.TryGetProperty("required", out var names) ? names.EnumerateArray().Select(name => name.GetString()!).ToList() : [];
        var properties = schema.TryGetProperty("properties", out var some) ? some.EnumerateObject().ToList() : [];
        var filled = new JsonObject();
        foreach (var property in properties.Where(property => required.Count == 0 || required.Contains(property.Name)))
            filled[property.Name] = Fill(property.Value, depth - 1);
        foreach (var other in required.Except(properties.Select(property => property.Name))) filled[other] = text;
        if (properties.Count + required.Count == 0) filled["answer"] = text;
        return filled;
    }

    JsonArray Items(JsonElement schema, int depth)
    {
        var item = schema.TryGetProperty("items", out var wanted) ? wanted : default;
        var (least, most) = ((int)(Bound(schema, "minItems") ?? 0), (int)(Bound(schema, "maxItems") ?? 8));
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (item.ValueKind is JsonValueKind.Object && TypeOf(item) == "string" && !item.TryGetProperty("enum", out _) && lines.Length >= least)
            return new([.. lines.Take(most).Select(line => JsonValue.Create(Cut(line, item)))]);

        return new([.. Enumerable.Range(0, Math.Min(Math.Max(least, 1), most)).Select(_ => Fill(item, depth - 1))]);
    }

    /// <summary>0, or the whole number next to the bound that forbids it.</summary>
    static decimal Number(JsonElement schema)
    {
        if (Bound(schema, "minimum") is > 0 and var least) return Math.Ceiling((decimal)least);
        if (Bound(schema, "exclusiveMinimum") is >= 0 and var above) return Math.Floor((decimal)above) + 1;
        if (Bound(schema, "maximum") is < 0 and var most) return Math.Floor((decimal)most);
        return Bound(schema, "exclusiveMaximum") is <= 0 and var below ? Math.Ceiling((decimal)below) - 1 : 0;
    }

    static string Cut(string text, JsonElement schema) =>
        Domain.Runs.Sanitiser.Text(text, (int)Math.Clamp(Bound(schema, "maxLength") ?? int.MaxValue, 0, int.MaxValue));

    /// <summary>Null when there is none, or one beyond what numbers here hold.</summary>
    static double? Bound(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var bound) && bound.ValueKind is JsonValueKind.Number && Math.Abs(bound.GetDouble()) < 1e15
            ? bound.GetDouble()
            : null;

    static string? TypeOf(JsonElement schema)
    {
        if (schema.ValueKind is not JsonValueKind.Object) return null;
        if (!schema.TryGetProperty("type", out var type)) return schema.TryGetProperty("properties", out _) ? "object" : null;

        return type.ValueKind is JsonValueKind.Array
            ? type.EnumerateArray().Select(one => one.GetString()).FirstOrDefault(one => one != "null")
            : type.GetString();
    }

    static JsonNode? Node(JsonElement json) => JsonSerializer.SerializeToNode(json);
}
