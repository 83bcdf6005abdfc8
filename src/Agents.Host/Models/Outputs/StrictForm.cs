using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Agents.Host.Models.Outputs;

/// <summary>
/// Which schemas providers keep their models to by themselves: every object names all its members, requires them and allows no other, and only some
/// keywords are used.
/// </summary>
/// <remarks>
/// https://platform.openai.com/docs/guides/structured-outputs and https://docs.claude.com/en/docs/build-with-claude/structured-outputs
/// </remarks>
static class StrictForm
{
    static readonly HashSet<string> OfBoth =
    [
        "$defs", "$ref", "additionalProperties", "anyOf", "const", "description", "enum", "items", "properties", "required", "title", "type",
    ];

    static readonly HashSet<string> OfOpenAI =
    [
        .. OfBoth, "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maximum", "minItems", "minimum", "multipleOf", "pattern",
    ];

    public static bool SuitsOpenAI(JsonElement schema) => IsObject(schema) && Suits(schema, OfOpenAI);

    /// <summary>It knows no schema that refers to itself, either.</summary>
    public static bool SuitsAnthropic(JsonElement schema) => IsObject(schema) && Suits(schema, OfBoth) && !HasCircle(schema, schema, []);

    public static bool IsObject(JsonElement schema) =>
        schema.ValueKind is JsonValueKind.Object && schema.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String
        && type.GetString() == "object";

    static bool Suits(JsonElement schema, HashSet<string> keywords)
    {
        if (schema.ValueKind is not JsonValueKind.Object) return false;
        if (!schema.EnumerateObject().All(keyword => keywords.Contains(keyword.Name))) return false;
        if ((IsObject(schema) || schema.TryGetProperty("properties", out _)) && !IsClosed(schema)) return false;

        return schema.EnumerateObject().All(keyword => keyword.Name switch
        {
            "properties" or "$defs" => keyword.Value.EnumerateObject().All(one => Suits(one.Value, keywords)),
            "anyOf" => keyword.Value.EnumerateArray().All(one => Suits(one, keywords)),
            "items" => Suits(keyword.Value, keywords),
            _ => true,
        });
    }

    static bool IsClosed(JsonElement schema) =>
        schema.TryGetProperty("additionalProperties", out var others) && others.ValueKind is JsonValueKind.False
        && schema.TryGetProperty("properties", out var properties) && schema.TryGetProperty("required", out var required)
        && properties.EnumerateObject().Select(one => one.Name).Order(StringComparer.Ordinal)
            .SequenceEqual(required.EnumerateArray().Select(name => name.GetString()!).Order(StringComparer.Ordinal));

    /// <param name="seen">The references followed so far; false while one is being followed.</param>
    static bool HasCircle(JsonElement json, JsonElement root, Dictionary<string, bool> seen)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (json.ValueKind is JsonValueKind.Array) return json.EnumerateArray().Any(one => HasCircle(one, root, seen));
        if (json.ValueKind is not JsonValueKind.Object) return false;

        foreach (var member in json.EnumerateObject())
        {
            if (member is not { Name: "$ref", Value.ValueKind: JsonValueKind.String })
            {
                if (HasCircle(member.Value, root, seen)) return true;
                continue;
            }

            var reference = member.Value.GetString()!;
            if (seen.TryGetValue(reference, out var isDone))
            {
                if (!isDone) return true;
                continue;
            }

            seen[reference] = false;
            if (SchemaWalk.Target(root, reference) is { } target && HasCircle(target, root, seen)) return true;
            seen[reference] = true;
        }

        return false;
    }
}
