using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agents.Host.Platform;

/// <summary>How the API writes and reads JSON: camelCase, enums by name, unknown members refused, bounded depth.</summary>
public static class JsonFormat
{
    /// <summary>Deepest JSON read.</summary>
    const int Depth = 32;

    public static readonly JsonSerializerOptions Api = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.MaxDepth = Depth;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // always sent as JSON, never inside a page
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        return options;
    }
}
