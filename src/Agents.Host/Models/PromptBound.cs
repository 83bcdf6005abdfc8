using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>
/// Keeps a prompt within what the agent allows: the oldest of what was said before, of earlier steps and of tools' results is shortened first. The
/// model is told where something is left out. Instructions, the question and the last message are never shortened, whatever the bound.
/// </summary>
static class PromptBound
{
    /// <summary>UTF-16 units that are kept of what is shortened, if there is so much of it.</summary>
    const int Kept = 500;

    /// <summary>The same messages, or shorter ones in their place.</summary>
    /// <param name="most">UTF-16 units of all texts, results and arguments.</param>
    public static IReadOnlyList<ChatMessage> Fit(IReadOnlyList<ChatMessage> messages, int most)
    {
        var over = messages.Sum(Length) - most;
        if (over <= 0) return messages;

        var question = QuestionAt(messages);
        var fitting = messages.ToArray();
        for (var at = 0; at < fitting.Length - 1 && over > 0; at++)
        {
            if (fitting[at].Role == ChatRole.System || at == question) continue;

            var before = Length(fitting[at]);
            fitting[at] = Shorter(fitting[at], over, most);
            over -= before - Length(fitting[at]);
        }

        return fitting;
    }

    /// <summary>The first thing that the user says which was not said before the run.</summary>
    static int QuestionAt(IReadOnlyList<ChatMessage> messages) => messages.Index().First(message =>
        message.Item.Role == ChatRole.User && message.Item.AdditionalProperties?.ContainsKey(ModelRequest.EarlierProperty) is not true).Index;

    /// <param name="over">How many units are too many.</param>
    static ChatMessage Shorter(ChatMessage message, long over, int most)
    {
        var contents = new List<AIContent>();
        foreach (var content in message.Contents)
        {
            var shorter = over > 0 ? Shorter(content, over, most) : content;
            over -= Length(content) - Length(shorter);
            contents.Add(shorter);
        }

        return new(message.Role, contents) { AdditionalProperties = message.AdditionalProperties };
    }

    static AIContent Shorter(AIContent content, long over, int most) => content switch
    {
        TextContent text => new TextContent(Cut(text.Text, over, most)),
        FunctionResultContent result => new FunctionResultContent(result.CallId, Cut($"{result.Result}", over, most)),
        FunctionCallContent call when Length(call) > Kept => new FunctionCallContent(
            call.CallId, call.Name, new Dictionary<string, object?> { ["left_out"] = Note(Length(call), most) }),
        _ => content,
    };

    static string Cut(string text, long over, int most)
    {
        var note = Note(text.Length, most);
        var kept = (int)Math.Max(Kept, text.Length - over - note.Length - 1);
        if (kept + note.Length + 1 >= text.Length) return text;
        if (char.IsHighSurrogate(text[kept - 1])) kept--;
        return $"{text[..kept]}\n{Note(text.Length - kept, most)}";
    }

    static string Note(long characters, int most) =>
        FormattableString.Invariant($"[{characters} characters are left out here: one prompt may hold {most}.]");

    static long Length(ChatMessage message) => message.Contents.Sum(Length);

    static long Length(AIContent content) => content switch
    {
        TextContent text => text.Text.Length,
        FunctionResultContent result => $"{result.Result}".Length,
        FunctionCallContent call => call.Arguments?.Sum(argument => argument.Key.Length + $"{argument.Value}".Length) ?? 0,
        _ => 0,
    };
}
