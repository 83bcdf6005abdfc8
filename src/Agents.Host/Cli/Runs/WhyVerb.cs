using System.CommandLine;
using System.Globalization;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Runs;

/// <summary>Says why a run waits, and when it can be expected to start.</summary>
static class WhyVerb
{
    public static Command Create(Verb verb) =>
        verb.Does(new("why", "Says why a run waits, and when it can be expected to start.") { RunArgument.Id }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get($"runs/{await call.Run(server.Api, ct)}/why", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call.Screen, answer.As<WhyView>());
        return ExitCodes.Ok;
    }

    static void Print(Screen screen, WhyView why)
    {
        var isStanding = why.BlockedBy is [var first, ..] && why.Summary.StartsWith(first.Detail, StringComparison.Ordinal);
        if (!isStanding) screen.Line(Screen.Safe(WaitLines.WithBriefIds(why.Summary)));
        foreach (var line in WaitLines.Of(why, DateTimeOffset.UtcNow)) screen.Line(line);
        if (why is { Position: not null, StartsPerMinute: { } pace })
            screen.Line(
                $"[grey]{pace.ToString("0.##", CultureInfo.InvariantCulture)} {(pace == 1 ? "run of its tenant starts" : "runs of its tenant start")} "
                + "in a minute.[/]");
        if (why.EstimatedStart is { } start) screen.Line($"It can be expected to start at {Formats.Time(start)}.");
    }
}
