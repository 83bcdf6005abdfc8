using UglyToad.PdfPig.Content;
using UglyToad.PdfPig.Core;
using UglyToad.PdfPig.Graphics.Colors;

namespace Agents.Host.Knowledge.Reading;

/// <summary>Tells which letters of a page a reader sees.</summary>
/// <remarks>Text that is neither filled nor stroked, smaller than a point, outside the page, or in the colour of the paper is not seen.</remarks>
sealed class PdfVisibility
{
    /// <summary>Points; half of it is a dot.</summary>
    const double LeastSize = 1;

    const double White = 0.93;

    /// <summary>The page as it is cut, and as it is turned: letters stand where a reader of the turned page sees them.</summary>
    readonly PdfRectangle[] papers;

    /// <summary>What is painted in another colour than the paper's, or is a picture.</summary>
    readonly List<PdfRectangle> painted;

    public PdfVisibility(Page page)
    {
        papers = [page.CropBox.Bounds, new PdfRectangle(0, 0, page.Width, page.Height)];
        painted = page.Letters.Any(letter => IsWhite(letter.Color)) ? Painted(page) : [];
    }

    public bool IsSeen(Letter letter) =>
        letter.RenderingMode is not (TextRenderingMode.Neither or TextRenderingMode.NeitherClip)
        && letter.PointSize >= LeastSize
        && Array.Exists(papers, paper => IsOn(paper, letter))
        && (!IsWhite(letter.Color) || painted.Exists(area => IsOn(area, letter)));

    static List<PdfRectangle> Painted(Page page) =>
    [
        .. page.Paths.Where(path => path.IsFilled && !IsWhite(path.FillColor)).Select(path => path.GetBoundingRectangle()).OfType<PdfRectangle>(),
        .. page.GetImages().Select(image => image.BoundingBox),
    ];

    static bool IsOn(PdfRectangle area, Letter letter)
    {
        var (x, y) = ((letter.StartBaseLine.X + letter.EndBaseLine.X) / 2, letter.StartBaseLine.Y);
        return x >= Math.Min(area.Left, area.Right) && x <= Math.Max(area.Left, area.Right)
            && y >= Math.Min(area.Bottom, area.Top) && y <= Math.Max(area.Bottom, area.Top);
    }

    static bool IsWhite(IColor? colour)
    {
        if (colour is null or PatternColor) return false;

        var (red, green, blue) = colour.ToRGBValues();
        return red >= White && green >= White && blue >= White;
    }
}
