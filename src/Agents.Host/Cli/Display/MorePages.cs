namespace Agents.Host.Cli.Display;

/// <summary>What is said when a list has more than it shows.</summary>
public static class MorePages
{
    /// <summary>The most that one list shows.</summary>
    const int Most = 200;

    /// <param name="what">What there is beside: "older ones".</param>
    /// <param name="limit">How many were asked for.</param>
    /// <param name="beyond">How to see what is beyond the longest list. Null when no option shows it.</param>
    public static string Hint(string what, int limit, string? beyond = null) => limit < Most
        ? $"There are {what}. Give the same command --limit {Math.Min(Most, limit * 5)}"
        : $"There are {what}; {Most} are the most that a list shows{(beyond is null ? "" : $". {beyond}")}.";
}
