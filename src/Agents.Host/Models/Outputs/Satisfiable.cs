using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Agents.Host.Models.Outputs;

/// <summary>
/// Finds schemas that no output can ever fit, as far as that is seen without a search. A run with one that is not found here fails when its calls are
/// used.
/// </summary>
sealed class Satisfiable
{
    readonly JsonElement root;

    /// <summary>References that are being followed: one that is needed to fulfil itself has no end.</summary>
    readonly HashSet<string> open = new(StringComparer.Ordinal);

    int looks;

    Satisfiable(JsonElement root) => this.root = root;

    /// <summary>Why nothing can fit the schema, in a sentence; null when something may.</summary>
    public static string? Problem(JsonElement root) =>
        new Satisfiable(root).Why(root, "$") is { } reason ? $"No output can fit it: {reason}" : null;

    string? Why(JsonElement schema, string path)
    {
        if (schema.ValueKind is JsonValueKind.False) return $"{path} is false.";
        if (schema.ValueKind is not JsonValueKind.Object || ++looks > OutputLimits.Looks) return null;

        RuntimeHelpers.EnsureSufficientExecutionStack();
        return Values(schema, path) ?? Ranges(schema, path) ?? Reference(schema, path) ?? Combined(schema, path) ?? Members(schema, path)
            ?? Items(schema, path);
    }

    static string? Values(JsonElement schema, string path)
    {
        JsonElement[]? values = schema.TryGetProperty("enum", out var some) && some.ValueKind is JsonValueKind.Array
            ? [.. some.EnumerateArray()]
            : null;
        if (values is []) return $"the enum of {path} is empty.";
        if (schema.TryGetProperty("const", out var constant))
        {
            if (values is not null && !values.Any(value => JsonElement.DeepEquals(value, constant)))
                return $"the const of {path} is not in its enum.";
            values = [constant];
        }

        return values is not null && TypesOf(schema) is { Count: > 0 } types && !values.Any(value => types.Any(type => IsOf(value, type)))
            ? $"no value that {path} may have is of its type."
            : null;
    }

    static string? Ranges(JsonElement schema, string path)
    {
        var types = TypesOf(schema);
        (string Type, string Least, string Most)[] ranges =
        [
            ("number", "minimum", "maximum"), ("string", "minLength", "maxLength"), ("array", "minItems", "maxItems"),
            ("object", "minProperties", "maxProperties"),
        ];
        foreach (var (type, least, most) in ranges)
            if (types is [var only] && (only == type || only == "integer" && type == "number")
                && Number(schema, least) is { } low && Number(schema, most) is { } high && low > high)
                return $"{least} is above {most} in {path}.";
        return null;
    }

    string? Reference(JsonElement schema, string path)
    {
        if (!schema.TryGetProperty("$ref", out var reference) || reference.ValueKind is not JsonValueKind.String) return null;

        var name = reference.GetString()!;
        if (!open.Add(name)) return $"{path} needs itself, without an end.";
        var why = SchemaWalk.Target(root, name) is { } target ? Why(target, path) : null;
        open.Remove(name);
        return why;
    }

    string? Combined(JsonElement schema, string path)
    {
        foreach (var all in Several(schema, "allOf"))
            if (Why(all, path) is { } why) return why;
        foreach (var keyword in new[] { "anyOf", "oneOf" })
        {
            var reasons = Several(schema, keyword).Select(one => Why(one, path)).ToList();
            if (reasons.Count > 0 && reasons.TrueForAll(reason => reason is not null)) return reasons[0];
        }

        var isNot = schema.TryGetProperty("not", out var not);
        return isNot && (not.ValueKind is JsonValueKind.True || not.ValueKind is JsonValueKind.Object && !not.EnumerateObject().Any())
            ? $"{path} must not be anything."
            : null;
    }

    string? Members(JsonElement schema, string path)
    {
        if (TypesOf(schema) is not ["object"] || !schema.TryGetProperty("required", out var required)
            || required.ValueKind is not JsonValueKind.Array) return null;

        var properties = schema.TryGetProperty("properties", out var some) && some.ValueKind is JsonValueKind.Object ? some : default;
        var isClosed = schema.TryGetProperty("additionalProperties", out var others) && others.ValueKind is JsonValueKind.False;
        foreach (var name in required.EnumerateArray().Where(name => name.ValueKind is JsonValueKind.String).Select(name => name.GetString()!))
        {
            var why = properties.ValueKind is JsonValueKind.Object && properties.TryGetProperty(name, out var property)
                ? Why(property, $"{path}.{name}")
                : isClosed ? $"{path} needs {name}, and may not have it." : null;
            if (why is not null) return why;
        }

        return null;
    }

    string? Items(JsonElement schema, string path) =>
        TypesOf(schema) is ["array"] && Number(schema, "minItems") >= 1 && !schema.TryGetProperty("prefixItems", out _)
        && schema.TryGetProperty("items", out var items)
            ? Why(items, $"{path}[0]")
            : null;

    static IEnumerable<JsonElement> Several(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var schemas) && schemas.ValueKind is JsonValueKind.Array ? schemas.EnumerateArray() : [];

    static IReadOnlyList<string> TypesOf(JsonElement schema)
    {
        if (!schema.TryGetProperty("type", out var type)) return [];
        if (type.ValueKind is JsonValueKind.String) return [type.GetString()!];
        return type.ValueKind is JsonValueKind.Array
            ? [.. type.EnumerateArray().Where(one => one.ValueKind is JsonValueKind.String).Select(one => one.GetString()!)]
            : [];
    }

    static double? Number(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var number) && number.ValueKind is JsonValueKind.Number ? number.GetDouble() : null;

    static bool IsOf(JsonElement value, string type) => value.ValueKind switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.Null => type == "null",
        _ => type == "number" || type == "integer" && double.IsInteger(value.GetDouble()),
    };
}
