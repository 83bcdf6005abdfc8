using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tools;

/// <summary>The arguments that a tool takes, by name, and whether what it is given fits them.</summary>
static class ToolParameters
{
    /// <summary>What is wrong with the names, from the tool's name on. Null when nothing is.</summary>
    public static string? ProblemWith(AIFunction tool, IReadOnlyCollection<string> given)
    {
        var (all, needed) = (Names(tool.JsonSchema, "properties"), Names(tool.JsonSchema, "required"));
        if (given.FirstOrDefault(name => !all.Contains(name)) is { } unknown)
            return $"{tool.Name} an argument {unknown}, which it does not take; it takes {(all.Count == 0 ? "none" : string.Join(", ", all))}.";
        return needed.Find(name => !given.Contains(name)) is { } missing ? $"{tool.Name} no {missing}, without which it cannot run." : null;
    }

    /// <exception cref="ArgumentException">An argument is of another type than the tool takes. The message says what it is and what it must be.</exception>
    public static void Check(AIFunction tool, IReadOnlyDictionary<string, object?> given)
    {
        foreach (var parameter in tool.UnderlyingMethod?.GetParameters() ?? [])
            if (given.GetValueOrDefault(parameter.Name!) is JsonElement value && !Fits(value, parameter, tool.JsonSerializerOptions))
                throw new ArgumentException($"The argument {parameter.Name} of {tool.Name} is {What(value)}; it must be {Wanted(tool, parameter)}.");
    }

    static bool Fits(JsonElement value, ParameterInfo parameter, JsonSerializerOptions format)
    {
        try
        {
            value.Deserialize(parameter.ParameterType, format);
            return true;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return false;
        }
    }

    static List<string> Names(JsonElement schema, string member)
    {
        if (!schema.TryGetProperty(member, out var names)) return [];
        return names.ValueKind is JsonValueKind.Array
            ? [.. names.EnumerateArray().Select(name => name.GetString()!)]
            : [.. names.EnumerateObject().Select(property => property.Name)];
    }

    static string What(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    static string Wanted(AIFunction tool, ParameterInfo parameter)
    {
        if (!tool.JsonSchema.TryGetProperty("properties", out var properties) || !properties.TryGetProperty(parameter.Name!, out var schema)
            || !schema.TryGetProperty("type", out var type))
            return "of the form that the tool's schema says";
        return string.Join(
            " or ", (type.ValueKind is JsonValueKind.Array ? type.EnumerateArray().AsEnumerable() : [type]).Select(one => one.GetString() switch
            {
                "string" => "a text",
                "number" => "a number",
                "integer" => "a whole number",
                "boolean" => "true or false",
                "array" => "a list of the form that the tool's schema says",
                "object" => "an object of the form that the tool's schema says",
                _ => "null",
            }));
    }
}
