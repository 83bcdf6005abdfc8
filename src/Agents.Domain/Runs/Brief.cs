using System.Text.Json.Serialization;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>What a caller says besides the question.</summary>
/// <param name="Instructions">Told to the model in every step, after the agent's own. Null when there are none.</param>
/// <param name="Earlier">Messages before the question that the caller brought along, oldest first. Null when there are none.</param>
/// <param name="OutputTokens">
/// The most one reply of the last step may hold; the agent's limit counts too. From 1. Null means the agent's limit only.
/// </param>
/// <param name="IsAwaited">The caller waits for the answer on the request itself.</param>
/// <param name="PreviousPart">Which response of <see cref="RunQueued.Previous"/> was named, from 1.</param>
/// <param name="OutputSchema">
/// JSON Schema that the output of the last step must fit, as JSON text, instead of the step's own. At most
/// <see cref="ModelWishes.SchemaCharacters"/>. Null means the step's own.
/// </param>
/// <param name="Parameters">How the models of all steps are to answer, before what step and agent say. Null means as these say.</param>
public sealed record Brief(
    string? Instructions = null, IReadOnlyList<EarlierMessage>? Earlier = null, int? OutputTokens = null, bool IsAwaited = false,
    int PreviousPart = 1,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? OutputSchema = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ModelParameters? Parameters = null);

/// <summary>What was said in a conversation before the run's question.</summary>
public sealed record EarlierMessage(Speaker By, string Text)
{
    /// <summary>Messages kept of a conversation, the latest.</summary>
    public const int Most = 40;

    /// <summary>UTF-16 units kept of a conversation, the latest; a message that does not fit is left out with all before it.</summary>
    public const int MostCharacters = 65_536;

    /// <summary>The latest messages that fit the bounds, oldest first.</summary>
    public static IReadOnlyList<EarlierMessage> Latest(IReadOnlyList<EarlierMessage> messages)
    {
        var (first, characters) = (messages.Count, 0);
        while (first > 0 && messages.Count - first < Most && characters + messages[first - 1].Text.Length <= MostCharacters)
            characters += messages[--first].Text.Length;
        return [.. messages.Skip(first)];
    }
}

/// <summary>Stored by name: add, never rename.</summary>
public enum Speaker { User, Assistant }
