using System.Text;
using UglyToad.PdfPig.Content;

namespace Agents.Host.Knowledge.Reading;

/// <summary>Letters on one line without a wide gap between them: a line, or a cell of a table.</summary>
/// <param name="Baseline">In points from the bottom of the page, as are all places.</param>
/// <param name="Size">Of the smaller letters, in points.</param>
sealed record PdfRun(string Text, double Left, double Right, double Baseline, double Size)
{
    // In sizes of the letters.
    const double SameLine = 0.9;
    const double Space = 0.19;
    const double WideGap = 2;
    const double NewParagraph = 1.7;

    /// <summary>The runs in the order in which the page writes them.</summary>
    public static IEnumerable<PdfRun> Of(IEnumerable<Letter> letters)
    {
        var run = new List<Letter>();
        foreach (var letter in letters.Where(letter => !string.IsNullOrEmpty(letter.Value)))
        {
            if (run.Count > 0 && !Continues(run[^1], letter))
            {
                if (From(run) is { } whole) yield return whole;
                run.Clear();
            }

            run.Add(letter);
        }

        if (run.Count > 0 && From(run) is { } last) yield return last;
    }

    /// <summary>Whether this run stands on the line of the one before it.</summary>
    public bool IsOnLineOf(PdfRun before) =>
        Math.Abs(Baseline - before.Baseline) <= Math.Min(Size, before.Size) * SameLine && Left >= before.Right - before.Size;

    /// <summary>Whether the space above tells of a new paragraph.</summary>
    public bool BeginsParagraphAfter(PdfRun before) => before.Baseline - Baseline > Math.Min(Size, before.Size) * NewParagraph;

    // Text from right to left goes back a little with each letter.
    static bool Continues(Letter before, Letter letter) =>
        Math.Abs(before.StartBaseLine.Y - letter.StartBaseLine.Y) <= Math.Min(SizeOf(before), SizeOf(letter)) * SameLine
        && Math.Abs(letter.StartBaseLine.X - before.EndBaseLine.X) <= WideGap * SizeOf(before);

    static PdfRun? From(List<Letter> letters)
    {
        var text = new StringBuilder();
        Letter? before = null;
        foreach (var letter in letters)
        {
            var isApart = before is not null && Math.Abs(letter.StartBaseLine.X - before.EndBaseLine.X) > Space * SizeOf(before)
                && letter.StartBaseLine.X > before.StartBaseLine.X;
            if (isApart && text.Length > 0 && text[^1] != ' ' && letter.Value[0] != ' ') text.Append(' ');
            text.Append(letter.Value);
            before = letter;
        }

        return string.IsNullOrWhiteSpace(text.ToString()) ? null : new PdfRun(
            text.ToString().Trim(),
            letters.Min(letter => Math.Min(letter.StartBaseLine.X, letter.EndBaseLine.X)),
            letters.Max(letter => Math.Max(letter.StartBaseLine.X, letter.EndBaseLine.X)),
            letters[0].StartBaseLine.Y,
            letters.Min(SizeOf));
    }

    static double SizeOf(Letter letter) => Math.Max(1, letter.PointSize);
}
