using Agents.Host.Knowledge.Words;

namespace Agents.Host.Knowledge;

/// <summary>A passage before it has an id.</summary>
/// <param name="Heading">The document's title and the headings above, joined by <c> › </c>.</param>
/// <param name="Text">Never has a blank line in it, so passages can be told apart when many stand in one message.</param>
public sealed record SplitPassage(string Heading, string Text);

/// <summary>Cuts a document into passages: at headings, then at sentences and lines, about <see cref="Words"/> words each.</summary>
public static class Splitter
{
    /// <summary>Words in a passage before the next one begins.</summary>
    public const int Words = 160;

    /// <summary>Longest passage, in characters.</summary>
    public const int Characters = 2_000;

    /// <summary>Longest passage, in tokens of a model; estimated, rather too many than too few.</summary>
    public const int Tokens = 400;

    /// <summary>Words of the passage before that are repeated, in whole sentences.</summary>
    public const int Overlap = 30;

    /// <summary>A sentence or line longer than this is cut inside, in words.</summary>
    public const int LongestSentence = 240;

    // A piece, the header of its table and some overlap fit into one passage.
    const int PieceCharacters = 1_400;
    const int PieceTokens = 280;
    const int HeaderCharacters = 400;
    const int HeaderTokens = 80;

    /// <summary>The passages in reading order.</summary>
    public static IEnumerable<SplitPassage> Split(string title, ReadText document) =>
        from section in document.Sections
        let heading = string.Join(" › ", section.Headings.Prepend(title))
        from text in Split(section.Blocks)
        select new SplitPassage(heading, text);

    static IEnumerable<string> Split(IReadOnlyList<Block> blocks)
    {
        var filling = new PassageFilling();
        foreach (var unit in blocks.SelectMany(Units))
        {
            if (!filling.Takes(unit))
            {
                if (filling.HasNew) yield return filling.Text();
                filling.KeepOverlap(unit);
            }

            filling.Add(unit);
        }

        if (filling.HasNew) yield return filling.Text();
    }

    static IEnumerable<PassageUnit> Units(Block block)
    {
        var header = block.Header is { Length: <= HeaderCharacters } line && TokenEstimate.Of(line) <= HeaderTokens ? line : null;
        var isFirst = true;
        foreach (var text in block.IsLines ? block.Text.Split('\n') : Sentences.Of(block.Text))
        {
            foreach (var piece in Pieces(text))
            {
                yield return new PassageUnit(piece, isFirst || block.IsLines, piece == header ? null : header);
                isFirst = false;
            }
        }
    }

    /// <summary>The text itself, or what it is cut into when it is too long.</summary>
    static IEnumerable<string> Pieces(string text)
    {
        if (text.Count(char.IsWhiteSpace) < LongestSentence && text.Length <= PieceCharacters && TokenEstimate.Of(text) <= PieceTokens)
        {
            yield return text;
            yield break;
        }

        for (var start = 0; start < text.Length;)
        {
            var length = PieceLength(text.AsSpan(start));
            if (text.AsSpan(start, length).Trim() is { Length: > 0 } piece) yield return piece.ToString();
            start += length;
        }
    }

    /// <summary>How many characters make the longest piece: up to white space, else to a mark, else as many as there may be.</summary>
    static int PieceLength(ReadOnlySpan<char> text)
    {
        var (words, space, mark) = (0, 0, 0);
        var estimate = new TokenEstimate();
        for (var at = 0; at < text.Length; at++)
        {
            estimate.Add(text[at]);
            if (char.IsWhiteSpace(text[at]))
            {
                space = at + 1;
                words++;
            }

            if (at > 0 && (words >= Words || at >= PieceCharacters || estimate.Tokens > PieceTokens))
                return space > 0 ? space : mark > 0 ? mark : char.IsLowSurrogate(text[at]) ? Math.Max(at - 1, 2) : at;
            if (text[at] is '，' or '、' or '；' or '：' or ',' or ';') mark = at + 1;
        }

        return text.Length;
    }
}
