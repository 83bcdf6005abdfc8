using System.Text.RegularExpressions;
using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Runs;

namespace Agents.Host.Cli.Display;

/// <summary>What a run waits for or was stopped by, since when, and the command that lets it go on.</summary>
public static partial class WaitLines
{
    /// <summary>Two lines at most for each thing that holds the run back, as Spectre's markup.</summary>
    public static IEnumerable<string> Of(WhyView why, DateTimeOffset now) => why.BlockedBy.SelectMany(obstacle => Of(obstacle, why.Status, now));

    public static IEnumerable<string> Of(Obstacle obstacle, string status, DateTimeOffset now)
    {
        var goesOnByItself = obstacle is { Kind: "budget", Command: { } room } && room.StartsWith("agents budgets", StringComparison.Ordinal);
        var mark = status is "running" or "queued" || goesOnByItself ? Marks.Waiting : Marks.Of(status);
        var since = obstacle.Since is { } at ? $" [grey]{Formats.Since(at, now)}[/]" : "";
        yield return $"{mark} {Screen.Safe(WithBriefIds(obstacle.Detail))}{since}";
        if (obstacle.Command is { } command) yield return $"  {Verb(obstacle.Kind)}: [bold]{Screen.Safe(Id().Replace(command, Brief))}[/]";
    }

    /// <summary>The text with each id of a run as people name it. Other ids, such as a provider's, stay whole.</summary>
    public static string WithBriefIds(string text) => RunId().Replace(text, Brief);

    static string Brief(Match id) => RunIds.Brief(Guid.Parse(id.Value));

    static string Verb(string kind) => kind switch
    {
        "wait" => "Send it",
        "thread" or "child" or "rate" or "limit" => "Look at it",
        "failed" or "cancelled" => "Go on from it in a new run",
        "approval" => "Let it run",
        _ => "Let it go on",
    };

    [GeneratedRegex("(?<=\\brun[ :])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex RunId();

    [GeneratedRegex("(?<!batch:)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Id();
}
