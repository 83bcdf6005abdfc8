namespace Agents.Host.Cli.Definitions;

/// <summary>How two texts differ, line by line, as <c>diff -u</c> shows it.</summary>
public static class LineDifference
{
    /// <summary>Lines shown before and after each change.</summary>
    const int Context = 3;

    /// <summary>Above so many pairs of lines, all between the first and the last difference counts as changed.</summary>
    const long MostPairs = 25_000_000;

    readonly record struct Line(char Mark, string Text);

    /// <summary>Empty when the texts are the same.</summary>
    public static IReadOnlyList<string> Of(string before, string after, string nameBefore, string nameAfter)
    {
        var lines = Merge(Split(before), Split(after));
        if (lines.TrueForAll(line => line.Mark == ' ')) return [];

        var shown = new List<string> { $"--- {nameBefore}", $"+++ {nameAfter}" };
        var (old, now) = (1, 1);
        for (var at = 0; at < lines.Count;)
        {
            var first = lines.FindIndex(at, line => line.Mark != ' ');
            var begin = Math.Max(at, (first < 0 ? lines.Count : first) - Context);
            (old, now) = (old + begin - at, now + begin - at);
            if (first < 0) break;

            var end = EndOf(lines, first);
            var hunk = lines.GetRange(begin, end - begin);
            var (olds, nows) = (hunk.Count(line => line.Mark != '+'), hunk.Count(line => line.Mark != '-'));
            shown.Add($"@@ -{old},{olds} +{now},{nows} @@");
            shown.AddRange(hunk.Select(line => line.Mark + line.Text));
            (old, now, at) = (old + olds, now + nows, end);
        }

        return shown;
    }

    /// <summary>Behind the last change that is near the one before it, and its context.</summary>
    static int EndOf(List<Line> lines, int first)
    {
        var last = first;
        for (var at = first; at < lines.Count && at - last <= 2 * Context; at++)
            if (lines[at].Mark != ' ') last = at;
        return Math.Min(lines.Count, last + 1 + Context);
    }

    static string[] Split(string text) => text.TrimEnd('\n').Split('\n');

    /// <summary>The longest common lines stay, found from the end; what is the same at both ends is set aside first.</summary>
    static List<Line> Merge(string[] before, string[] after)
    {
        var same = 0;
        while (same < before.Length && same < after.Length && before[same] == after[same]) same++;
        var tail = 0;
        while (tail < before.Length - same && tail < after.Length - same && before[^(tail + 1)] == after[^(tail + 1)]) tail++;

        var (old, now) = (before[same..^tail], after[same..^tail]);
        List<Line> lines = [.. before.Take(same).Select(text => new Line(' ', text))];
        if ((long)old.Length * now.Length > MostPairs)
            lines.AddRange([.. old.Select(text => new Line('-', text)), .. now.Select(text => new Line('+', text))]);
        else lines.AddRange(Changed(old, now));
        lines.AddRange(before[^tail..].Select(text => new Line(' ', text)));
        return lines;
    }

    static IEnumerable<Line> Changed(string[] old, string[] now)
    {
        var common = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
            for (var j = now.Length - 1; j >= 0; j--)
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);

        var (at, to) = (0, 0);
        while (at < old.Length || to < now.Length)
        {
            if (at < old.Length && to < now.Length && old[at] == now[to])
            {
                yield return new(' ', old[at++]);
                to++;
            }
            else if (to >= now.Length || (at < old.Length && common[at + 1, to] >= common[at, to + 1])) yield return new('-', old[at++]);
            else yield return new('+', now[to++]);
        }
    }
}
