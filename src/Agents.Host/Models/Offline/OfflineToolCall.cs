using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Offline;

/// <summary>Decides which of the granted tools to call: the first that searches, else the first that takes words.</summary>
static class OfflineToolCall
{
    /// <summary>The call with the question as its argument. Null when no tool needs a text.</summary>
    public static FunctionCallContent? For(OfflineConversation conversation)
    {
        var usable = conversation.Tools.OfType<AIFunctionDeclaration>()
            .Select(tool => (tool.Name, Parameter: RequiredText(tool.JsonSchema)))
            .Where(tool => tool.Parameter is not null)
            .OrderByDescending(tool => tool.Name.Contains("search", StringComparison.OrdinalIgnoreCase));
        return usable.FirstOrDefault() is { Name: { } name, Parameter: { } parameter }
            ? new FunctionCallContent($"{conversation.Step}-{name}-1", name, new Dictionary<string, object?> { [parameter] = conversation.Question })
            : null;
    }

    static string? RequiredText(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("required", out var required)
            || !schema.TryGetProperty("properties", out var properties) || required.ValueKind != JsonValueKind.Array) return null;

        return required.EnumerateArray().Select(name => name.GetString()!)
            .FirstOrDefault(name => properties.TryGetProperty(name, out var property) && IsText(property));
    }

    static bool IsText(JsonElement property) => property.ValueKind == JsonValueKind.Object && property.TryGetProperty("type", out var type)
        && (type.ValueKind == JsonValueKind.String ? type.GetString() == "string"
            : type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(one => one.GetString() == "string"));
}
