using System.Text.Encodings.Web;
using System.Text.Json;

namespace Agents.Domain.Definitions;

/// <summary>Reads the output of a step as JSON, and says how values are written for steps and people.</summary>
static class OutputJson
{
    /// <summary>Deeper JSON is taken for text.</summary>
    public const int Depth = 64;

    /// <summary>Letters of all scripts as they are: people read arguments and outputs in the timeline.</summary>
    public static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Null when the text is no JSON, or a string in it has half of a surrogate pair.</summary>
    public static JsonElement? Read(string text, int depth = Depth)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = depth });
            if (text.Contains("\\u", StringComparison.Ordinal)) ReadStrings(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    /// <exception cref="InvalidOperationException">A string, which is read only when it is used, has half of a surrogate pair.</exception>
    static void ReadStrings(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray()) ReadStrings(item);
                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    _ = member.Name;
                    ReadStrings(member.Value);
                }

                break;
        }
    }
}
