using System.Text;
using Agents.Host.Knowledge.Words;

namespace Agents.Host.Knowledge;

/// <summary>A sentence, a line or a piece of one: what a passage is made of.</summary>
/// <param name="StartsLine">Whether it stands on a line of its own.</param>
/// <param name="Header">The first line of the table it is a row of; null when it is none, or is that line.</param>
sealed record PassageUnit(string Text, bool StartsLine, string? Header)
{
    public int Words { get; } = Text.Count(char.IsWhiteSpace) + 1;

    public int Tokens { get; } = TokenEstimate.Of(Text) + 1;
}

/// <summary>A passage while it is filled, unit by unit.</summary>
sealed class PassageFilling
{
    List<PassageUnit> units = [];
    int words;
    int characters;
    int tokens;
    string? header;

    /// <summary>Whether there is more in it than what is repeated from the passage before.</summary>
    public bool HasNew { get; private set; }

    /// <summary>Whether the unit fits; the limit of words holds no first unit back, the others do.</summary>
    public bool Takes(PassageUnit unit)
    {
        var added = NewHeader(unit) is { } line ? new PassageUnit(line, StartsLine: true, Header: null) : null;
        return (!HasNew || words + unit.Words <= Splitter.Words)
            && characters + 1 + unit.Text.Length + (added is null ? 0 : added.Text.Length + 1) <= Splitter.Characters
            && tokens + unit.Tokens + (added?.Tokens ?? 0) <= Splitter.Tokens;
    }

    public void Add(PassageUnit unit)
    {
        if (NewHeader(unit) is { } line) Put(new PassageUnit(line, StartsLine: true, Header: null));
        header = unit.Header ?? unit.Text;
        Put(unit);
        HasNew = true;
    }

    /// <summary>Begins the next passage with the last whole units of this one, as far as the coming one leaves room.</summary>
    public void KeepOverlap(PassageUnit coming)
    {
        var tail = new List<PassageUnit>();
        foreach (var unit in units.AsEnumerable().Reverse())
        {
            if (!HasNew || tail.Sum(kept => kept.Words) + unit.Words > Splitter.Overlap || tail.Count == units.Count - 1) break;
            tail.Insert(0, unit);
        }

        Restart(tail);
        if (!Takes(coming)) Restart([]);
    }

    public string Text()
    {
        var text = new StringBuilder();
        foreach (var unit in units)
        {
            if (text.Length > 0) text.Append(unit.StartsLine ? '\n' : ' ');
            text.Append(unit.Text);
        }

        return text.ToString();
    }

    /// <summary>The header that must stand before the unit; null when it stands there, or there is none.</summary>
    string? NewHeader(PassageUnit unit) => unit.Header is null || unit.Header == header ? null : unit.Header;

    void Restart(List<PassageUnit> kept)
    {
        (units, words, characters, tokens, header, HasNew) = ([], 0, 0, 0, null, false);
        foreach (var unit in kept)
        {
            if (NewHeader(unit) is { } line) Put(new PassageUnit(line, StartsLine: true, Header: null));
            header = unit.Header ?? unit.Text;
            Put(unit);
        }
    }

    void Put(PassageUnit unit)
    {
        units.Add(unit);
        words += unit.Words;
        characters += unit.Text.Length + 1;
        tokens += unit.Tokens;
    }
}
