using Agents.Host.Knowledge.Reading;
using UglyToad.PdfPig;
using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Filters;

namespace Agents.Host.Knowledge;

/// <summary>Reads the text of a PDF that a reader sees, a section per page, columns one after the other. A scanned page has none.</summary>
static class PdfReader
{
    public static ReadText Read(byte[] content, KnowledgeLimits limits)
    {
        var filters = new BoundedFilters(DefaultFilterProvider.Instance, limits.DecodedBytes);
        try
        {
            var read = Read(content, filters, limits);
            filters.Check();
            return read;
        }
        catch (Exception) when (filters.IsSpent)
        {
            filters.Check(); // the library may have taken it for damage
            throw;
        }
    }

    static ReadText Read(byte[] content, BoundedFilters filters, KnowledgeLimits limits)
    {
        using var pdf = PdfDocument.Open(content, new ParsingOptions { FilterProvider = filters });
        if (pdf.NumberOfPages > limits.PdfPages) throw new UnreadableDocumentException($"it has more than {limits.PdfPages} pages");

        var outline = new Outline(limits.TextCharacters);
        foreach (var page in pdf.GetPages())
        {
            filters.Check();
            outline.Heading(2, $"Page {page.Number}");
            foreach (var paragraph in Paragraphs(page)) outline.Paragraph(BrokenLines.Join(paragraph));
        }

        var title = pdf.Information.Title;
        return new ReadText("application/pdf", string.IsNullOrWhiteSpace(title) ? null : Outline.Short(title), outline.Sections());
    }

    /// <summary>The lines of each paragraph, in reading order.</summary>
    static IEnumerable<List<string>> Paragraphs(Page page)
    {
        var visibility = new PdfVisibility(page);
        var lines = new List<string>();
        PdfRun? before = null;
        foreach (var run in PdfColumns.InOrder(PdfRun.Of(page.Letters.Where(visibility.IsSeen)).ToList()))
        {
            if (before is not null && run.IsOnLineOf(before)) lines[^1] += $" {run.Text}";
            else
            {
                if (before is not null && run.BeginsParagraphAfter(before))
                {
                    yield return lines;
                    lines = [];
                }

                lines.Add(run.Text);
            }

            before = run;
        }

        if (lines.Count > 0) yield return lines;
    }
}
