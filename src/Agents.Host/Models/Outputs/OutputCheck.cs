using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Platform;

namespace Agents.Host.Models.Outputs;

/// <summary>What a reply is worth as the output of a step that has a schema.</summary>
/// <param name="Json">The output without white space. Null when the reply does not fit.</param>
/// <param name="Problems">Why it does not fit. Null when it does.</param>
/// <param name="Words">The texts within the JSON, where citations stand; the reply itself when it is none.</param>
public sealed record OutputCheck(string? Json, IReadOnlyList<string>? Problems, string Words)
{
    const string Fence = "```";

    /// <summary>Holds a reply against a schema. A Markdown fence around the JSON is taken off; nothing else is repaired.</summary>
    public static OutputCheck Of(string schema, string reply)
    {
        var (wanted, unread) = OutputSchema.Read(schema);
        if (wanted is null) return Unfit(reply, [$"$: There is no schema to hold it against. {unread}"]);

        try
        {
            using var document = JsonDocument.Parse(WithoutFence(reply), JsonFormat.Document);
            var texts = new List<string>();
            var size = Look(document.RootElement, texts);
            if (texts.Exists(text => text != Sanitiser.Text(text, int.MaxValue)))
                return Unfit(reply, ["$: A text in it has a character that cannot be stored: NUL, or half of a surrogate pair."]);

            var problems = wanted.Problems(document.RootElement, size);
            return problems.Count > 0
                ? Unfit(reply, problems)
                : new(JsonSerializer.Serialize(document.RootElement, JsonFormat.Api), null, string.Join('\n', texts));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter for half of a surrogate pair
        {
            return Unfit(reply, [Sanitiser.Text($"$: The reply is no JSON, or more than that: {e.Message}", ModelWishes.ProblemCharacters)]);
        }
    }

    static OutputCheck Unfit(string reply, IReadOnlyList<string> problems) => new(null, problems, reply);

    static string WithoutFence(string reply)
    {
        var text = reply.Trim();
        if (!text.StartsWith(Fence, StringComparison.Ordinal) || !text.EndsWith(Fence, StringComparison.Ordinal)) return text;

        var line = text.IndexOf('\n');
        var language = line < 0 ? null : text[Fence.Length..line].Trim();
        return language is "" || string.Equals(language, "json", StringComparison.OrdinalIgnoreCase) ? text[line..^Fence.Length] : text;
    }

    /// <summary>Counts the values, and the pairs of values in each array; keeps the texts.</summary>
    static (long Values, long Pairs) Look(JsonElement json, List<string> texts)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.Object:
                var members = (Values: 1L, Pairs: 0L);
                foreach (var member in json.EnumerateObject())
                {
                    texts.Add(member.Name);
                    var (values, pairs) = Look(member.Value, texts);
                    members = (members.Values + values, members.Pairs + pairs);
                }

                return members;
            case JsonValueKind.Array:
                var items = (Values: 1L, Pairs: (long)json.GetArrayLength() * json.GetArrayLength());
                foreach (var item in json.EnumerateArray())
                {
                    var (values, pairs) = Look(item, texts);
                    items = (items.Values + values, items.Pairs + pairs);
                }

                return items;
            case JsonValueKind.String:
                texts.Add(json.GetString()!);
                return (1, 0);
            default:
                return (1, 0);
        }
    }
}
