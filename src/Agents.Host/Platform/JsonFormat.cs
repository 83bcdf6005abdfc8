using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agents.Host.Platform;

/// <summary>How the API writes and reads JSON: camelCase, enums by name, unknown members refused, bounded depth.</summary>
public static class JsonFormat
{
    /// <summary>Deepest JSON read.</summary>
    public const int Depth = 32;

    public static readonly JsonSerializerOptions Api = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    /// <summary>How requests are read: what a request names twice, or leaves null where something must be, is refused, too.</summary>
    public static readonly JsonSerializerOptions Request = new(Api) { AllowDuplicateProperties = false, RespectNullableAnnotations = true };

    /// <summary>The same for JSON that is read without a type.</summary>
    public static readonly JsonDocumentOptions Document = new() { MaxDepth = Depth, AllowDuplicateProperties = false };

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.MaxDepth = Depth;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // always sent as JSON, never inside a page
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        return options;
    }
}
