using System.Text;

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

    /// <summary>Words of the passage before that are repeated, in whole sentences.</summary>
    public const int Overlap = 30;

    /// <summary>A sentence or line longer than this is cut inside, in words.</summary>
    public const int LongestSentence = 240;

    const int LongestWord = 1_000;

    /// <summary>The passages in reading order.</summary>
    public static IEnumerable<SplitPassage> Split(string title, ReadText document) =>
        from section in document.Sections
        let heading = string.Join(" › ", section.Headings.Prepend(title))
        from text in Split(section.Blocks)
        select new SplitPassage(heading, text);

    static IEnumerable<string> Split(IReadOnlyList<Block> blocks)
    {
        var passage = new List<Unit>();
        var words = 0;
        var isOverlapOnly = true;
        foreach (var unit in blocks.SelectMany(Units))
        {
            if (words + unit.Words > Words && !isOverlapOnly)
            {
                yield return Join(passage);
                passage = Tail(passage);
                words = passage.Sum(kept => kept.Words);
            }

            passage.Add(unit);
            words += unit.Words;
            isOverlapOnly = false;
        }

        if (!isOverlapOnly) yield return Join(passage);
    }

    static IEnumerable<Unit> Units(Block block)
    {
        var isFirst = true;
        foreach (var text in block.IsLines ? block.Text.Split('\n') : Sentences.Of(block.Text))
        {
            foreach (var piece in Pieces(text))
            {
                yield return new Unit(piece, piece.Count(char.IsWhiteSpace) + 1, isFirst || block.IsLines);
                isFirst = false;
            }
        }
    }

    static IEnumerable<string> Pieces(string text)
    {
        if (text.Count(char.IsWhiteSpace) < LongestSentence && text.Length <= LongestWord * 4) return [text];

        var words = text.Split(
            (char[]?)null,
            StringSplitOptions.RemoveEmptyEntries).SelectMany(word => word.Chunk(LongestWord).Select(part => CleanText.Of(new string(part))));
        return words.Chunk(Words).Select(piece => string.Join(' ', piece));
    }

    static List<Unit> Tail(List<Unit> passage)
    {
        var tail = new List<Unit>();
        var words = 0;
        foreach (var unit in passage.AsEnumerable().Reverse())
        {
            words += unit.Words;
            if (words > Overlap || tail.Count == passage.Count - 1) break;
            tail.Insert(0, unit);
        }

        return tail;
    }

    static string Join(List<Unit> units)
    {
        var text = new StringBuilder();
        foreach (var unit in units)
        {
            if (text.Length > 0) text.Append(unit.StartsLine ? '\n' : ' ');
            text.Append(unit.Text);
        }

        return text.ToString();
    }

    sealed record Unit(string Text, int Words, bool StartsLine);
}
