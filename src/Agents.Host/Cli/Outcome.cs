using System.Text.RegularExpressions;
using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;

namespace Agents.Host.Cli;

/// <summary>How a run ended, for people: answer, citations, what it cost, and where to look further.</summary>
public static partial class Outcome
{
    public static async Task Print(Screen screen, Api api, RunView run, CancellationToken ct) =>
        Print(screen, run, run.Answer is null ? (await api.Get($"runs/{run.Id}/why", ct)).As<WhyView>() : null);

    /// <param name="why">Why there is no answer. Null when there is one.</param>
    public static void Print(Screen screen, RunView run, WhyView? why)
    {
        screen.Line();
        if (run.Answer is { } answer) Answer(screen, answer, run.Citations is { } citations ? citations.As<List<Citation>>() : []);
        else if (why is not null) foreach (var line in WhyNone(run, why)) screen.Line(line);
        if (CutOff(run) is { } cut) screen.Line($"\n{cut}");
        screen.Line();
        screen.Line($"[grey]{Cost(run)}[/]");
        screen.Line($"[grey]run {run.Id} · agents show {RunIds.Brief(run.Id)}[/]");
    }

    /// <summary>Why there is no answer, since when, and the command that lets the run go on: as <c>agents why</c> says it.</summary>
    public static IEnumerable<string> WhyNone(RunView run, WhyView why)
    {
        if (why.BlockedBy.Count > 0) return WaitLines.Of(why, DateTimeOffset.UtcNow);
        return [Screen.Safe(why.Summary), $"Follow it: [bold]agents tail {RunIds.Brief(run.Id)}[/]"];
    }

    /// <summary>Such as <c>$0.000123 · 4 model calls · 1,234 in / 300 out tokens · 2.1 s · offline-extractive-1</c>.</summary>
    public static string Cost(RunView run)
    {
        var parts = new List<string> { Formats.Count(run.ModelCalls, "model call"), Formats.Tokens(run.Usage) };
        if (run.CostUsd is { } cost) parts.Insert(0, Formats.Cost(cost, run.UnpricedCalls, run.UnconfirmedUsd));
        if (run.DurationSeconds is { } seconds) parts.Add(Formats.Duration(TimeSpan.FromSeconds(seconds)));
        parts.Add(Screen.Safe(run.Model));
        return string.Join(" · ", parts);
    }

    /// <summary>Why the answer is not whole. Null when it is, or there is none.</summary>
    public static string? CutOff(RunView run) => run.Incomplete switch
    {
        null => null,
        "length" => "[yellow]The answer is cut off:[/] it reached the most tokens that one reply may hold.",
        "content_filter" => "[yellow]The answer is cut off:[/] the provider's content filter stopped it.",
        "budget" => "[yellow]The answer was given early:[/] what the run may spend was nearly spent. It says what is missing.",
        "calls" => "[yellow]The answer was given early:[/] a step had used up its model calls. It says what is missing.",
        var other => $"[yellow]The answer is cut off:[/] {Screen.Safe(other)}.",
    };

    public static void Answer(Screen screen, string answer, IReadOnlyList<Citation> citations)
    {
        screen.Line(Mark().Replace(screen.IsTerminal ? MarkdownText.Of(answer.Trim()) : Screen.Safe(answer.Trim()), "[aqua]$0[/]"));
        if (citations.Count > 0) screen.Line();
        foreach (var citation in citations)
        {
            screen.Line($"[aqua][[{citation.Number}]][/] {Screen.Safe(citation.Source)} › {Screen.Safe(citation.Title)}");
            if (citation.Quote is { Length: > 0 } quote) screen.Line($"    [grey]“{Screen.Safe(Screen.Clip(quote, screen.Width - 7))}”[/]");
        }
    }

    /// <summary>A citation mark in escaped markup.</summary>
    [GeneratedRegex(@"\[\[\d+\]\]")]
    private static partial Regex Mark();
}
