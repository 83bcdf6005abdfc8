namespace Agents.Host.Knowledge;

/// <summary>Gathers blocks under the headings above them while a document is read from top to bottom.</summary>
/// <param name="characters">Most characters of text before the document counts as too large.</param>
sealed class Outline(int characters)
{
    const int HeadingCharacters = 200;

    readonly List<Section> sections = [];
    readonly SortedDictionary<int, string> headings = [];
    List<Block> blocks = [];
    int taken;

    /// <summary>The first heading of level 1, when it stands before any other.</summary>
    public string? Title { get; private set; }

    public void Heading(int level, string text)
    {
        text = CleanText.OneLine(text);
        if (text.Length == 0) return;
        if (text.Length > HeadingCharacters) text = text[..HeadingCharacters].TrimEnd();

        Close();
        foreach (var deeper in headings.Keys.Where(other => other >= level).ToArray()) headings.Remove(deeper);
        if (Title is null && level == 1 && headings.Count == 0) Title = text;
        else headings[level] = text;
    }

    public void Paragraph(string text) => Add(CleanText.OneLine(text), isLines: false);

    public void Lines(string text) =>
        Add(string.Join('\n', CleanText.Of(text).Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)), isLines: true);

    public IReadOnlyList<Section> Sections()
    {
        Close();
        return sections;
    }

    void Add(string text, bool isLines)
    {
        if (text.Length == 0) return;

        taken += text.Length;
        if (taken > characters) throw new UnreadableDocumentException($"the text is longer than {characters} characters");
        blocks.Add(new Block(text, isLines));
    }

    void Close()
    {
        if (blocks.Count > 0) sections.Add(new Section([.. headings.Values], blocks));
        blocks = [];
    }
}
