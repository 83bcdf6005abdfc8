using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>
/// What is sent for a run's last word: the instructions of its last model step, that it must close now, the question, and as one text what was found
/// so far. No tools, and no turns of tools, which some providers refuse without their declarations.
/// </summary>
public static class ClosingRequest
{
    /// <summary>The most tokens of a last word, if the agent or the caller allows no fewer.</summary>
    public const int OutputTokens = 1024;

    /// <summary>Tokens of what was found that the price of a last word is kept back for. When there is more money, more is sent.</summary>
    public const int KeptEvidenceTokens = 2048;

    /// <summary>Tokens that join a piece of what was found to the next.</summary>
    const int PerPiece = 8;

    /// <summary>Tokens that frame what was found, and say that some of it is left out.</summary>
    const int Frame = 64;

    const string LeftOut = "[Older parts are left out here.]";

    /// <summary>A piece that is cut shorter than this says nothing. In UTF-16 units.</summary>
    const int ShortestPiece = 80;

    /// <summary>How often a text that is too long is cut again, because tokens are not letters.</summary>
    const int MostCuts = 8;

    /// <param name="step">The agent's last model step.</param>
    /// <param name="reason">As <see cref="RunClosing.Reason"/>.</param>
    /// <param name="evidenceTokensAtMost">Of what was found so far, the latest; 0 for nothing of it.</param>
    public static ModelRequest Of(Conversation said, ModelStep step, string reason, string model, Limits limits, long evidenceTokensAtMost)
    {
        List<ChatMessage> messages =
        [
            new(ChatRole.System, $"{step.Instructions}\n\n{Notice(reason)}"),
            .. said.Instructions is null ? Array.Empty<ChatMessage>() : [new(ChatRole.System, said.Instructions)],
            new(ChatRole.User, said.Question),
        ];
        var characters = (limits.PromptCharacters ?? Limits.DefaultPromptCharacters) - messages.Sum(message => message.Text.Length);
        var found = Evidence(said, model, evidenceTokensAtMost, Math.Max(0, characters));
        if (found.Length > 0) messages.Add(new(ChatRole.User, found));
        return new(messages, new ChatOptions
        {
            ModelId = model,
            MaxOutputTokens = Math.Min(OutputTokens, Math.Min(limits.OutputTokensPerCall, said.OutputTokens ?? int.MaxValue)),
            AdditionalProperties = new() { [ModelRequest.StepProperty] = step.Name },
        });
    }

    static string Notice(string reason) =>
        $"You must close now: {(reason == "calls" ? "this step has used up its model calls" : "nearly all that may be spent is spent")}. Use no "
        + "tools; there is no other reply after this one. Answer the question from what is written below, and say plainly what is missing.";

    /// <summary>The latest of what was found that fits, oldest first.</summary>
    static string Evidence(Conversation said, string model, long tokens, long characters)
    {
        var (kept, isWhole) = (new List<string>(), true);
        (tokens, characters) = (tokens - Frame, characters - LeftOut.Length - 2);
        if (tokens <= PerPiece || characters <= 0) return "";

        foreach (var whole in PiecesFromTheLatest(said))
        {
            var piece = Start(whole, model, tokens - PerPiece, characters);
            isWhole = piece.Length == whole.Length;
            if (isWhole || piece.Length >= ShortestPiece) kept.Add(piece);
            if (!isWhole) break;
            (tokens, characters) = (tokens - PerPiece - TokenCount.AtMost(model, piece), characters - piece.Length - 2);
        }

        if (kept.Count > 0 && !isWhole) kept.Add(LeftOut);
        kept.Reverse();
        return string.Join("\n\n", kept);
    }

    /// <summary>Made one by one: most of what was found may not fit.</summary>
    static IEnumerable<string> PiecesFromTheLatest(Conversation said)
    {
        foreach (var turn in said.Turns.Reverse())
            if (turn is Turn.Tool told) yield return $"# Found\n{ModelRequest.TextOf(told.Result, told.Passages)}";
            else if (turn is Turn.Model { Text.Length: > 0 } spoken) yield return $"# Noted\n{spoken.Text}";
        foreach (var step in said.Earlier.Reverse()) yield return $"# {step.Name}\n{ModelRequest.TextOf(step.Output, step.Passages)}";
        foreach (var earlier in said.Before.Reverse())
            yield return $"# Said before by the {(earlier.By is Speaker.User ? "user" : "assistant")}\n{earlier.Text}";
    }

    /// <summary>As much of the text as fits, from its start.</summary>
    static string Start(string text, string model, long tokens, long characters)
    {
        if (tokens <= 0 || characters <= 0) return "";

        var start = text[..(int)Math.Min(text.Length, characters)];
        for (var cuts = 0; TokenCount.AtMost(model, start) is var counted && counted > tokens; cuts++)
            start = start[..(int)(cuts < MostCuts ? start.Length * tokens / counted : Math.Min(start.Length, tokens / 3))]; // 3 bytes a unit at most
        return start.Length > 0 && char.IsHighSurrogate(start[^1]) ? start[..^1] : start;
    }
}
