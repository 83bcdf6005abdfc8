using UglyToad.PdfPig;
using UglyToad.PdfPig.DocumentLayoutAnalysis.TextExtractor;

namespace Agents.Host.Knowledge;

/// <summary>Reads the text of a PDF, a section per page. A scanned page has none.</summary>
static class PdfReader
{
    public static ReadText Read(byte[] content, KnowledgeLimits limits, CancellationToken ct)
    {
        using var pdf = PdfDocument.Open(content);
        if (pdf.NumberOfPages > limits.PdfPages) throw new UnreadableDocumentException($"it has more than {limits.PdfPages} pages");

        var outline = new Outline(limits.TextCharacters);
        foreach (var page in pdf.GetPages())
        {
            ct.ThrowIfCancellationRequested();
            outline.Heading(2, $"Page {page.Number}");
            foreach (var paragraph in PlainTextReader.Paragraphs(CleanText.Of(ContentOrderTextExtractor.GetText(page, true))))
                outline.Paragraph(string.Join(' ', paragraph));
        }

        var title = pdf.Information.Title;
        return new ReadText("application/pdf", string.IsNullOrWhiteSpace(title) ? null : CleanText.OneLine(title), outline.Sections());
    }
}
