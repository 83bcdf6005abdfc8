namespace Agents.Host.Audit;

/// <summary>One thing that must always be true of a database, and what was found when it was looked at.</summary>
/// <param name="id">A stable name, such as <c>I5</c>.</param>
/// <param name="says">The invariant as a sentence.</param>
public sealed class Invariant(string id, string says)
{
    /// <summary>Most violations that are kept as text; all are counted.</summary>
    public const int MostShown = 20;

    readonly List<string> shown = [];

    public string Id => id;

    public string Says => says;

    /// <summary>Runs, rows or requests looked at.</summary>
    public long Checked { get; private set; }

    public long Violations { get; private set; }

    /// <summary>The first violations, at most <see cref="MostShown"/>.</summary>
    public IReadOnlyList<string> Shown => shown;

    /// <summary>What was found beside violations. Null when there is nothing to say.</summary>
    public string? Note { get; internal set; }

    /// <summary>One more thing was looked at, with these violations.</summary>
    internal void Check(IEnumerable<string> violations)
    {
        Checked++;
        foreach (var violation in violations) Violate(violation);
    }

    internal void Count(long looked) => Checked += looked;

    internal void Violate(string violation)
    {
        Violations++;
        if (shown.Count < MostShown) shown.Add(violation);
    }
}
