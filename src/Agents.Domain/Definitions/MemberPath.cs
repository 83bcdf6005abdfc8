using System.Text.Json;

namespace Agents.Domain.Definitions;

/// <summary>The way to a member of a JSON value, such as <c>orders[0].id</c> or <c>["unit price"]</c>.</summary>
sealed class MemberPath
{
    /// <summary>Most members and positions of one path.</summary>
    const int Longest = 32;

    /// <summary>A text is the name of a member, a number the position of an item, from 0.</summary>
    readonly IReadOnlyList<object> parts;

    MemberPath(IReadOnlyList<object> parts) => this.parts = parts;

    /// <summary>Null when the text is no path.</summary>
    /// <param name="problem">Where it is wrong, and what is expected there. Null when nothing is.</param>
    public static MemberPath? Parse(string text, out string? problem)
    {
        var scanner = new TextScanner(text);
        var first = scanner.Name();
        var path = Rest(scanner, first is null ? [] : [first]);
        if (!scanner.IsAtEnd()) scanner.Expect("\".\", \"[\" or the end");
        else if (path.parts.Count == 0) scanner.Expect("a member's name");
        problem = scanner.Problem;
        return problem is null ? path : null;
    }

    /// <summary>The parts that begin with a dot or a bracket; none at all is the whole value.</summary>
    public static MemberPath Rest(TextScanner scanner, List<object> parts)
    {
        while (scanner.Problem is null)
        {
            if (scanner.TakesHere(".")) Add(scanner.Name(), "a member's name");
            else if (scanner.TakesHere("["))
            {
                Add(scanner.Quoted() ?? (object?)Position(scanner), "a position from 0 or a name in quotes");
                if (!scanner.Takes("]")) scanner.Expect("\"]\"");
            }
            else break;
        }

        return new(parts);

        void Add(object? part, string expected)
        {
            if (part is null) scanner.Expect(expected);
            else if (parts.Count == Longest) scanner.Refuse($"the path has more than {Longest} parts");
            else parts.Add(part);
        }
    }

    /// <summary>Null when the value has no such member.</summary>
    public JsonElement? Of(JsonElement whole)
    {
        var value = whole;
        foreach (var part in parts)
        {
            if (part is string name && value.ValueKind is JsonValueKind.Object && value.TryGetProperty(name, out var member)) value = member;
            else if (part is int position && value.ValueKind is JsonValueKind.Array && position < value.GetArrayLength()) value = value[position];
            else return null;
        }

        return value;
    }

    static int? Position(TextScanner scanner)
    {
        var number = scanner.Number();
        return number >= 0 && number <= int.MaxValue && decimal.IsInteger(number.Value) ? (int)number.Value : null;
    }
}
