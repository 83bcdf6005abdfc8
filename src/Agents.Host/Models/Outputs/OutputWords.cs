using Microsoft.Extensions.AI;

namespace Agents.Host.Models.Outputs;

/// <summary>What a model is told about the form of its output.</summary>
static class OutputWords
{
    /// <summary>The messages for a provider that is not told in a form of its own: the schema stands behind the instructions.</summary>
    public static List<ChatMessage> Told(IEnumerable<ChatMessage> messages, OutputSchema schema)
    {
        List<ChatMessage> told = [.. messages];
        var wanted = $"Reply with JSON only, without any other word and without a Markdown fence. It must fit this JSON Schema:\n{schema.Text}";
        told.Insert(told.TakeWhile(message => message.Role == ChatRole.System).Count(), new(ChatRole.System, wanted));
        return told;
    }

    /// <summary>After a reply that does not fit.</summary>
    /// <param name="schema">Null when the step has none any more: a fork's caller may have left it out.</param>
    public static string Unfit(IReadOnlyList<string> problems, string? schema) =>
        $"""
        Your reply is not taken, because it is not JSON that fits the JSON Schema:
        {string.Join('\n', problems.Select(problem => $"- {problem}"))}
        {(schema is null ? "Reply again." : $"Reply again, with the JSON only. The JSON Schema is:\n{schema}")}
        """;
}
