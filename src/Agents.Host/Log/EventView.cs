using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agents.Host.Log;

/// <summary>A fact as it is stored.</summary>
/// <param name="Version">Position in the run's stream, from 1, without gaps.</param>
/// <param name="Type">The stored name, such as <c>model_call_completed</c>.</param>
/// <param name="At">By the database's clock.</param>
public sealed record EventView(long Version, string Type, DateTimeOffset At, JsonElement Data)
{
    /// <summary>Facts are shown as they are stored.</summary>
    internal static readonly JsonSerializerOptions StoredFormat = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    internal static EventView Of(long version, string type, DateTimeOffset at, object fact) =>
        new(version, type, at, JsonSerializer.SerializeToElement(fact, fact.GetType(), StoredFormat));
}
