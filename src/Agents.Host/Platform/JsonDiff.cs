using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Agents.Host.Platform;

/// <summary>What differs between two JSON documents, as JSON Patch (RFC 6902): applied to the first, it makes the second.</summary>
public static class JsonDiff
{
    public static IReadOnlyList<PatchOperation> Of(JsonNode? from, JsonNode? to)
    {
        var operations = new List<PatchOperation>();
        Compare("", from, to, operations);
        return operations;
    }

    static void Compare(string path, JsonNode? from, JsonNode? to, List<PatchOperation> operations)
    {
        switch (from, to)
        {
            case (JsonObject before, JsonObject after):
                foreach (var (name, value) in before)
                    if (!after.ContainsKey(name)) operations.Add(new("remove", Below(path, name), null, value));
                foreach (var (name, value) in after)
                    if (before.TryGetPropertyValue(name, out var old)) Compare(Below(path, name), old, value, operations);
                    else operations.Add(new("add", Below(path, name), value, null));
                break;

            case (JsonArray before, JsonArray after):
                for (var index = 0; index < Math.Min(before.Count, after.Count); index++)
                    Compare(Below(path, $"{index}"), before[index], after[index], operations);
                for (var index = before.Count - 1; index >= after.Count; index--)
                    operations.Add(new("remove", Below(path, $"{index}"), null, before[index]));
                for (var index = before.Count; index < after.Count; index++) operations.Add(new("add", $"{path}/-", after[index], null));
                break;

            default:
                if (!JsonNode.DeepEquals(from, to)) operations.Add(new("replace", path, to, from));
                break;
        }
    }

    /// <summary>A JSON Pointer (RFC 6901).</summary>
    static string Below(string path, string name) =>
        $"{path}/{name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";
}

/// <param name="Op">add, remove or replace.</param>
/// <param name="Path">A JSON Pointer; its last part is <c>-</c> for what is added at the end of a list.</param>
/// <param name="Value">What is added, or takes the place of what was there.</param>
/// <param name="Was">What was there; no part of the patch.</param>
public sealed record PatchOperation(string Op, string Path, JsonNode? Value, [property: JsonIgnore] JsonNode? Was);
