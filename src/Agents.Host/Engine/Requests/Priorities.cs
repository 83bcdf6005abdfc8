using System.Text.Json;

namespace Agents.Host.Engine.Requests;

/// <summary>Priorities by number and by name.</summary>
public static class Priorities
{
    const int Normal = 5;
    const int Highest = 9;

    /// <summary>5 when nothing is said; null when it is neither a number from 0 to 9 nor one of the names.</summary>
    public static int? Parse(JsonElement? priority) => priority switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => Normal,
        { ValueKind: JsonValueKind.Number } number => number.TryGetInt32(out var level) && level is >= 0 and <= Highest ? level : null,
        { ValueKind: JsonValueKind.String } text => text.GetString() switch
        {
            "low" => 2,
            "normal" => Normal,
            "high" => 7,
            "urgent" => Highest,
            _ => null,
        },
        _ => null,
    };
}
