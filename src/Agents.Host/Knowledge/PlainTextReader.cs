using Agents.Host.Knowledge.Reading;

namespace Agents.Host.Knowledge;

/// <summary>Reads plain text: paragraphs between blank lines; indented or short lines stay lines.</summary>
static class PlainTextReader
{
    const int ShortLine = 40;

    public static ReadText Read(string text, KnowledgeLimits limits)
    {
        var outline = new Outline(limits.TextCharacters, text.Contains('\uFFFD'));
        foreach (var paragraph in Paragraphs(CleanText.Of(text))) Add(paragraph, outline);
        return new ReadText("text/plain", null, outline.Sections());
    }

    static void Add(List<string> paragraph, Outline outline)
    {
        var isLines = paragraph.Count > 1 && paragraph.SkipLast(1).Average(line => line.Length) < ShortLine && !BrokenLines.AreFull(paragraph);
        if (isLines || paragraph.Any(line => line.StartsWith("    ", StringComparison.Ordinal) || line[0] == '\t'))
            outline.Lines(string.Join('\n', paragraph));
        else outline.Paragraph(BrokenLines.Join(paragraph));
    }

    static IEnumerable<List<string>> Paragraphs(string text)
    {
        var paragraph = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                paragraph.Add(line.TrimEnd());
                continue;
            }

            if (paragraph.Count > 0) yield return paragraph;
            paragraph = [];
        }

        if (paragraph.Count > 0) yield return paragraph;
    }
}
