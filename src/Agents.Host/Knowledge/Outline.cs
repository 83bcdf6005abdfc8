namespace Agents.Host.Knowledge;

/// <summary>Gathers blocks under the headings above them while a document is read from top to bottom.</summary>
/// <param name="characters">Most characters of text before the document counts as too large.</param>
/// <param name="hasReplacements">
/// Whether the document itself has U+FFFD. Where it has none, a reader put it there for something it could not read, and it is left out.
/// </param>
sealed class Outline(int characters, bool hasReplacements = false)
{
    const int HeadingCharacters = 200;
    const string Replacement = "\uFFFD";

    readonly List<Section> sections = [];
    readonly SortedDictionary<int, string> headings = [];
    List<Block> blocks = [];
    int taken;

    /// <summary>The first heading of level 1, when it stands before any other.</summary>
    public string? Title { get; private set; }

    public void Heading(int level, string text)
    {
        text = Short(Read(text));
        if (text.Length == 0) return;

        Close();
        foreach (var deeper in headings.Keys.Where(other => other >= level).ToArray()) headings.Remove(deeper);
        if (Title is null && level == 1 && headings.Count == 0) Title = text;
        else headings[level] = text;
    }

    public void Paragraph(string text) => Add(new Block(CleanText.OneLine(Read(text)), IsLines: false));

    /// <param name="hasHeader">Whether the first line names the columns of a table.</param>
    public void Lines(string text, bool hasHeader = false)
    {
        var lines = CleanText.Of(Read(text)).Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0).ToList();
        if (lines.Count > 0) Add(new Block(string.Join('\n', lines), IsLines: true, hasHeader && lines.Count > 1 ? lines[0] : null));
    }

    public IReadOnlyList<Section> Sections()
    {
        Close();
        return sections;
    }

    /// <summary>A title or heading on one line, as long as one may be.</summary>
    public static string Short(string text) => CleanText.Cut(CleanText.OneLine(text), HeadingCharacters).TrimEnd();

    string Read(string text) => hasReplacements ? text : text.Replace(Replacement, "", StringComparison.Ordinal);

    void Add(Block block)
    {
        if (block.Text.Length == 0) return;

        taken += block.Text.Length;
        if (taken > characters) throw new UnreadableDocumentException($"the text is longer than {characters} characters");
        blocks.Add(block);
    }

    void Close()
    {
        if (blocks.Count > 0) sections.Add(new Section([.. headings.Values], blocks));
        blocks = [];
    }
}
