namespace Agents.Host.Knowledge.Reading;

/// <summary>Finds two columns on a page and puts them one after the other; a page that writes line by line across both would mix them.</summary>
static class PdfColumns
{
    const int FewestLines = 4;

    /// <summary>Points of white between columns.</summary>
    const int NarrowestGap = 8;

    /// <summary>Share of the runs that may cross the gap, such as headings over both columns.</summary>
    const double MostCrossing = 0.1;

    /// <summary>Share of a column that its lines fill; the cells of a table fill less.</summary>
    const double LeastFilled = 0.55;

    /// <summary>The runs in reading order; as they are where there are no columns.</summary>
    public static IReadOnlyList<PdfRun> InOrder(IReadOnlyList<PdfRun> runs)
    {
        if (runs.Count < FewestLines * 2 || Gap(runs) is not { } gap) return runs;

        var left = runs.Where(run => run.Right <= gap).ToList();
        var right = runs.Where(run => run.Left >= gap).ToList();
        if (!IsColumn(left, gap - runs.Min(run => run.Left)) || !IsColumn(right, runs.Max(run => run.Right) - gap)) return runs;
        if (!StandSideBySide(left, right)) return runs;

        var ordered = new List<PdfRun>(runs.Count);
        var above = double.PositiveInfinity;
        foreach (var across in runs.Where(run => run.Left < gap && run.Right > gap).OrderByDescending(run => run.Baseline))
        {
            Take(across.Baseline);
            ordered.Add(across);
        }

        Take(double.NegativeInfinity);
        return ordered;

        void Take(double below)
        {
            foreach (var column in (List<PdfRun>[])[left, right])
                ordered.AddRange(column.Where(run => run.Baseline <= above && run.Baseline > below).OrderByDescending(run => run.Baseline));
            above = below;
        }
    }

    /// <summary>The middle of the widest white stripe from top to bottom, in the middle half of what is written; null when there is none.</summary>
    static double? Gap(IReadOnlyList<PdfRun> runs)
    {
        var (first, last) = ((int)runs.Min(run => run.Left), (int)Math.Ceiling(runs.Max(run => run.Right)));
        var width = last - first;
        if (width is < NarrowestGap * 4 or > 20_000) return null;

        var covered = new int[width + 2];
        foreach (var run in runs)
        {
            covered[Math.Clamp((int)(run.Left - first), 0, width)]++;
            covered[Math.Clamp((int)Math.Ceiling(run.Right - first), 0, width) + 1]--;
        }

        for (var at = 1; at < covered.Length; at++) covered[at] += covered[at - 1];
        var (best, start) = ((Start: 0, Length: 0), -1);
        for (var at = width / 4; at <= width * 3 / 4; at++)
        {
            if (covered[at] > runs.Count * MostCrossing) start = -1;
            else if (start < 0) start = at;
            if (start >= 0 && at - start + 1 > best.Length) best = (start, at - start + 1);
        }

        return best.Length >= NarrowestGap ? first + best.Start + (best.Length / 2.0) : null;
    }

    static bool IsColumn(List<PdfRun> runs, double width) =>
        runs.Count >= FewestLines && runs.Select(run => Math.Round(run.Baseline)).Distinct().Count() >= FewestLines
        && runs.Average(run => run.Right - run.Left) >= width * LeastFilled;

    static bool StandSideBySide(List<PdfRun> left, List<PdfRun> right)
    {
        var top = Math.Min(left.Max(run => run.Baseline), right.Max(run => run.Baseline));
        var bottom = Math.Max(left.Min(run => run.Baseline), right.Min(run => run.Baseline));
        return left.Count(run => run.Baseline <= top && run.Baseline >= bottom) >= FewestLines - 1;
    }
}
