using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Offline;

/// <summary>A passage as a conversation shows it.</summary>
/// <param name="Number">Unique within the run.</param>
/// <param name="Title">The source and the headings, joined by <c> › </c>.</param>
sealed record ShownPassage(int Number, string Title, string Text);

/// <summary>What the offline model understands of the messages it is sent.</summary>
/// <param name="Step">The name of the step, in lower case; empty when not said.</param>
/// <param name="Passages">By number.</param>
/// <param name="HasToolResult">Whether a tool was already called in this step.</param>
sealed partial record OfflineConversation(
    string Step, string Question, IReadOnlyList<ShownPassage> Passages, bool HasEarlierSteps, bool HasToolResult, IReadOnlyList<AITool> Tools)
{
    /// <summary>Reads instructions, question, earlier steps and passages.</summary>
    public static OfflineConversation Read(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var said = messages.Where(message =>
            message.Role != ChatRole.System && message.AdditionalProperties?.ContainsKey(ModelRequest.EarlierProperty) is not true).ToList();
        var question = said.Find(message => message.Role == ChatRole.User);
        var others = said.Where(message => message != question && message.Role != ChatRole.Assistant).ToList();
        var passages = new SortedDictionary<int, ShownPassage>();
        foreach (var content in others.SelectMany(message => message.Contents))
        {
            foreach (var passage in PassagesIn(TextOf(content))) passages.TryAdd(passage.Number, passage);
        }

        return new OfflineConversation(
            StepOf(options), question?.Text.Trim() ?? "", [.. passages.Values],
            others.Exists(message => message.Role == ChatRole.User && message.Text.StartsWith("# ", StringComparison.Ordinal)),
            others.Exists(message => message.Contents.Any(content => content is FunctionResultContent)),
            [.. options?.Tools ?? []]);
    }

    /// <summary>Whether search queries are wanted: the step is called plan, or nothing was looked up yet.</summary>
    public bool IsPlanning() => Step == "plan" || (Passages.Count == 0 && !HasEarlierSteps && !HasToolResult);

    /// <summary>What a content says; for a tool call its arguments, for a tool result its text or JSON.</summary>
    public static string TextOf(AIContent content) => content switch
    {
        TextContent text => text.Text,
        FunctionCallContent call => call.Name + string.Concat(call.Arguments?.Values ?? []),
        FunctionResultContent { Result: string text } => text,
        FunctionResultContent { Result: JsonElement { ValueKind: JsonValueKind.String } json } => json.GetString()!,
        FunctionResultContent { Result: AIContent inner } => TextOf(inner),
        FunctionResultContent { Result: IEnumerable<AIContent> inner } => string.Join("\n\n", inner.Select(TextOf)),
        FunctionResultContent result => result.Result?.ToString() ?? "",
        _ => "",
    };

    static IEnumerable<ShownPassage> PassagesIn(string text)
    {
        foreach (var block in BlankLine().Split(text.ReplaceLineEndings("\n")))
        {
            var match = Block().Match(block);
            if (match.Success && int.TryParse(match.Groups["number"].ValueSpan, out var number))
                yield return new ShownPassage(number, match.Groups["title"].Value.Trim(), match.Groups["text"].Value.Trim());
        }
    }

    static string StepOf(ChatOptions? options) =>
        options?.AdditionalProperties?.TryGetValue("step", out var step) == true ? step?.ToString()?.Trim().ToLowerInvariant() ?? "" : "";

    [GeneratedRegex(@"\n[ \t]*\n")]
    private static partial Regex BlankLine();

    // The line before the first passage may name the step it comes from.
    [GeneratedRegex(@"\A(?:#[^\n]*)?\n*\[(?<number>\d{1,6})\] (?<title>[^\n]+ › [^\n]+)\n(?<text>.+)\z", RegexOptions.Singleline)]
    private static partial Regex Block();
}
