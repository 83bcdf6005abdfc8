using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Runs;

namespace Agents.Domain.Definitions;

/// <summary>The models that take over, in order, when the one before has failed. Every attempt is a fact with a price of its own.</summary>
/// <param name="Models">As <c>provider/model</c>, or as a step names its model; one to eight.</param>
/// <param name="Attempts">Tries of each model before the next one takes over, from 1. The last one has those of <see cref="Limits.Attempts"/>.</param>
/// <param name="On">The failures after which the next one takes over, stored by name. Null means every failure of a call but a budget's.</param>
public sealed record Fallback(
    IReadOnlyList<string> Models, int Attempts = 1,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonConverter(typeof(FailureKindNames))]
    IReadOnlyList<FailureKind>? On = null);

/// <summary>
/// Kinds of failure by their names, whatever the serializer says of enums: a definition's hash is taken of its JSON without the store's settings.
/// </summary>
sealed class FailureKindNames : JsonConverter<IReadOnlyList<FailureKind>>
{
    public override IReadOnlyList<FailureKind> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        [.. JsonSerializer.Deserialize<string[]>(ref reader)!.Select(KindOf)];

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<FailureKind> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.Select(kind => kind.ToString()));

    static FailureKind KindOf(string name) => Enum.TryParse<FailureKind>(name, ignoreCase: true, out var kind) && Enum.IsDefined(kind)
        ? kind
        : throw new JsonException(
            $"There is no kind of failure {Sanitiser.Text(name, 60)}; there are {string.Join(", ", Enum.GetNames<FailureKind>())}.");
}

/// <summary>What becomes of a run that nears what it may spend, or the calls that a step may make. Stored by name: add, never rename.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AtLimit>))]
public enum AtLimit
{
    /// <summary>The run parks when its budget is spent, and fails when its calls are: a person decides.</summary>
    Park,

    /// <summary>The price of a last word is kept back from the start; the model is told to close without tools, and the answer says what is missing.</summary>
    Close,
}
