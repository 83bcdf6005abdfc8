namespace Agents.Host.Catalog.Format;

/// <summary>Something that is wrong in the text of a definition.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">In characters, from 1.</param>
/// <param name="Path">Such as <c>steps[2].tool</c>; empty for the whole.</param>
/// <param name="Reason">A sentence.</param>
public sealed record Mistake(int Line, int Column, string Path, string Reason)
{
    /// <summary>Such as <c>line 4, column 3, steps[2].tool: No tool is named so.</c></summary>
    public override string ToString() => $"line {Line}, column {Column}{(Path.Length > 0 ? $", {Path}" : "")}: {Reason}";
}

/// <summary>All that is wrong in a text, up to a bound.</summary>
sealed class Mistakes
{
    /// <summary>The most that are told.</summary>
    public const int Most = 100;

    readonly List<Mistake> found = [];

    public IReadOnlyList<Mistake> Found => found;

    public void Add(SourceNode at, string path, string reason) => Add(new Mistake(at.Line, at.Column, path, reason));

    public void Add(Mistake mistake)
    {
        if (found.Count < Most) found.Add(mistake);
    }
}

/// <summary>The text cannot be read any further.</summary>
sealed class UnreadableException(Mistake mistake) : Exception(mistake.ToString())
{
    public Mistake Mistake { get; } = mistake;
}
