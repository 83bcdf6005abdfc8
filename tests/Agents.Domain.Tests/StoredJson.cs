using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agents.Domain.Tests;

/// <summary>The form in which the store keeps facts and checkpoints.</summary>
static class StoredJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
    };
}
