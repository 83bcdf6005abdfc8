using System.Globalization;
using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;

namespace Agents.Host.Models.Wire;

/// <summary>Reads JSON that may be anything: what is missing, null, empty or of another type than asked for is not there.</summary>
static class WireJson
{
    /// <summary>UTF-16 units of something odd that a message shows.</summary>
    const int Shown = 300;

    /// <summary>Larger numbers with a fraction's point are no counts.</summary>
    const double MostExact = 1e15;

    /// <summary>The last of that name. Null when it is missing or null, or this is no object.</summary>
    public static JsonElement? Member(this JsonElement holder, string name) =>
        holder.ValueKind is JsonValueKind.Object && holder.TryGetProperty(name, out var member) && member.ValueKind is not JsonValueKind.Null
            ? member
            : null;

    /// <summary>Null also when it is empty.</summary>
    public static string? Text(this JsonElement holder, string name) =>
        holder.Member(name) is { ValueKind: JsonValueKind.String } text && text.Words() is { Length: > 0 } words ? words : null;

    /// <summary>A whole number, also one written as text.</summary>
    public static long? Number(this JsonElement holder, string name) => holder.Member(name) switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var whole) => whole,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out var real) && Math.Abs(real) < MostExact && real == Math.Floor(real) =>
            (long)real,
        { ValueKind: JsonValueKind.String } text
            when long.TryParse(text.Words(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var written) => written,
        _ => null,
    };

    /// <summary>The objects in a list; one alone counts as a list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement holder, string name) => holder.Member(name) switch
    {
        { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Where(item => item.ValueKind is JsonValueKind.Object),
        { ValueKind: JsonValueKind.Object } one => [one],
        _ => [],
    };

    /// <summary>A text of JSON, also one with half of a surrogate pair, whose other half may come with the next piece.</summary>
    public static string Words(this JsonElement text)
    {
        try
        {
            return text.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return Unescaped(text.GetRawText());
        }
    }

    /// <summary>The beginning of something odd, for a message: on one line.</summary>
    public static string Start(string text)
    {
        var line = string.Join(' ', Sanitiser.Text(text, 4 * Shown).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length > Shown ? $"{Sanitiser.Text(line, Shown)}…" : line;
    }

    /// <param name="raw">A text as valid JSON has it, in its quotes.</param>
    static string Unescaped(string raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var i = 1; i < raw.Length - 1; i++)
        {
            if (raw[i] != '\\')
            {
                text.Append(raw[i]);
                continue;
            }

            i++;
            text.Append(raw[i] switch
            {
                'u' => (char)ushort.Parse(raw.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\b',
                'f' => '\f',
                var same => same,
            });
            if (raw[i] == 'u') i += 4;
        }

        return text.ToString();
    }
}
