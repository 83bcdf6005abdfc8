using System.Globalization;
using System.Text.Json;

namespace Agents.Host.Models.Outputs;

/// <summary>Looks through a schema, before anything is held against it, for what would cost too much or reach outside.</summary>
sealed class SchemaWalk
{
    /// <summary>Keywords whose value is a schema.</summary>
    static readonly HashSet<string> OneSchema =
    [
        "additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
    ];

    /// <summary>Keywords whose value is an array of schemas.</summary>
    static readonly HashSet<string> Several = ["allOf", "anyOf", "oneOf", "prefixItems"];

    /// <summary>Keywords whose value is an object of schemas by name.</summary>
    static readonly HashSet<string> Named = ["$defs", "definitions", "dependentSchemas", "properties"];

    /// <summary>Keywords whose schemas are applied to the same value as the schema that they stand in.</summary>
    static readonly HashSet<string> SameValue = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"];

    /// <summary>What is not allowed, and why.</summary>
    static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["$dynamicRef"] = "Refer by $ref.",
        ["$dynamicAnchor"] = "Refer by $ref.",
        ["$recursiveRef"] = "Refer by $ref.",
        ["$recursiveAnchor"] = "Refer by $ref.",
        ["$vocabulary"] = "Draft 2020-12 has its own.",
        ["patternProperties"] = "Name the properties, or use additionalProperties.",
        ["additionalItems"] = "In draft 2020-12 that is items, beside prefixItems.",
        ["dependencies"] = "In draft 2020-12 that is dependentRequired or dependentSchemas.",
    };

    /// <summary>All JSON values in it, itself included.</summary>
    public static long Count(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => 1 + json.EnumerateObject().Sum(member => Count(member.Value)),
        JsonValueKind.Array => 1 + json.EnumerateArray().Sum(Count),
        _ => 1,
    };

    readonly JsonElement root;

    /// <summary>The schemas that are still to be looked at, each with its place in the text.</summary>
    readonly Queue<(JsonElement Schema, string At)> left = new();

    readonly HashSet<string> found = new(StringComparer.Ordinal);

    /// <summary>How many are applied to the same value by a schema, itself included, by its place; 0 while that is being found out.</summary>
    readonly Dictionary<string, int> chains = new(StringComparer.Ordinal);

    SchemaWalk(JsonElement root) => this.root = root;

    /// <summary>Why a schema cannot be used, in a sentence; null when it can, as far as can be seen here.</summary>
    /// <param name="values">As <see cref="Count"/> counts them.</param>
    public static string? Problem(JsonElement root, long values)
    {
        if (!IsSchema(root)) return "A schema is a JSON object.";
        return values > OutputLimits.SchemaValues
            ? FormattableString.Invariant($"A schema may hold {OutputLimits.SchemaValues:N0} values; this one holds {values:N0}.")
            : new SchemaWalk(root).Problem();
    }

    /// <summary>The schema that a reference names. Null when it names none within the root.</summary>
    public static JsonElement? Target(JsonElement root, string reference)
    {
        if (reference == "#") return root;
        if (!reference.StartsWith("#/", StringComparison.Ordinal)) return null;

        var at = root;
        foreach (var part in Uri.UnescapeDataString(reference)[2..].Split('/'))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind is JsonValueKind.Object && at.TryGetProperty(name, out var member)) at = member;
            else if (at.ValueKind is JsonValueKind.Array && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                && index < at.GetArrayLength()) at = at[index];
            else return null;
        }

        return IsSchema(at) ? at : null;
    }

    /// <summary>Looks at every schema that can be reached, over references too.</summary>
    string? Problem()
    {
        Find((root, "#"));
        while (left.TryDequeue(out var next))
        {
            if (next.Schema.ValueKind is not JsonValueKind.Object) continue;
            if (Keywords(next.Schema, isRoot: next.At == "#") is { } problem) return problem;

            Length(next.Schema, next.At, before: 0, out problem);
            if (problem is not null) return problem;
            foreach (var reached in Inner(next.Schema, next.At, _ => true).Concat(Referred(next.Schema))) Find(reached);
        }

        return null;
    }

    void Find((JsonElement Schema, string At) reached)
    {
        if (found.Add(reached.At)) left.Enqueue(reached);
    }

    string? Keywords(JsonElement schema, bool isRoot)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var problem = Refused.TryGetValue(keyword.Name, out var instead) ? $"The keyword {keyword.Name} cannot be used here. {instead}"
                : keyword.Name == "$id" && !isRoot ? "Only the whole schema may have an $id."
                : keyword.Name == "items" && keyword.Value.ValueKind is JsonValueKind.Array ? "In draft 2020-12 a list of items is prefixItems."
                : keyword.Name == "$ref" ? Reference(keyword.Value)
                : null;
            if (problem is not null) return problem;
        }

        return null;
    }

    string? Reference(JsonElement value)
    {
        if (value.ValueKind is not JsonValueKind.String) return "A $ref is a string.";

        var reference = value.GetString()!;
        if (!reference.StartsWith('#'))
            return $"It refers to {Short(reference)}, outside itself. Only references within it, such as #/$defs/name, are followed.";
        return Target(root, reference) is null ? $"It refers to {Short(reference)}, where it has no schema." : null;
    }

    /// <summary>A circle of schemas that are applied to the same value would never end.</summary>
    /// <param name="before">How many of the chain stand before it.</param>
    int Length(JsonElement schema, string at, int before, out string? problem)
    {
        problem = null;
        if (schema.ValueKind is not JsonValueKind.Object) return 1;

        if (chains.TryGetValue(at, out var known))
        {
            if (known == 0) problem = $"It refers to itself without an end, at {Short(at)}.";
            else if (before + known > OutputLimits.InPlace) problem = TooMany;
            return known;
        }

        if (before >= OutputLimits.InPlace)
        {
            problem = TooMany;
            return 1;
        }

        chains[at] = 0;
        var longest = 0;
        foreach (var (inner, place) in Inner(schema, at, SameValue.Contains).Concat(Referred(schema)))
        {
            longest = Math.Max(longest, Length(inner, place, before + 1, out problem));
            if (problem is not null) return longest;
        }

        return chains[at] = longest + 1;
    }

    static string TooMany => $"More than {OutputLimits.InPlace} of its schemas are applied to one value, each by the one before.";

    IEnumerable<(JsonElement Schema, string At)> Referred(JsonElement schema) =>
        schema.TryGetProperty("$ref", out var reference) && reference.ValueKind is JsonValueKind.String
        && Target(root, reference.GetString()!) is { } target
            ? [(target, Uri.UnescapeDataString(reference.GetString()!))]
            : [];

    static IEnumerable<(JsonElement Schema, string At)> Inner(JsonElement schema, string at, Func<string, bool> isWanted) =>
        from keyword in schema.EnumerateObject()
        where isWanted(keyword.Name)
        from inner in Within(keyword)
        select (inner.Schema, $"{at}/{Escaped(keyword.Name)}{inner.At}");

    /// <summary>The schemas that a keyword holds, and where in it.</summary>
    static IEnumerable<(JsonElement Schema, string At)> Within(JsonProperty keyword)
    {
        if (OneSchema.Contains(keyword.Name) && IsSchema(keyword.Value)) return [(keyword.Value, "")];
        if (Several.Contains(keyword.Name) && keyword.Value.ValueKind is JsonValueKind.Array)
            return keyword.Value.EnumerateArray().Index().Where(one => IsSchema(one.Item)).Select(one => (one.Item, $"/{one.Index}"));
        if (Named.Contains(keyword.Name) && keyword.Value.ValueKind is JsonValueKind.Object)
            return keyword.Value.EnumerateObject().Where(one => IsSchema(one.Value)).Select(one => (one.Value, $"/{Escaped(one.Name)}"));
        return [];
    }

    static bool IsSchema(JsonElement json) => json.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False;

    static string Escaped(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
