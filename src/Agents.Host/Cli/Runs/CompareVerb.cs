using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Runs;

/// <summary>Shows two runs beside each other: answers, grounds, cost.</summary>
static class CompareVerb
{
    static readonly Argument<string> First = Run("first");
    static readonly Argument<string> Second = Run("second");

    public static Command Create(Verb verb) =>
        verb.Does(new("compare", "Shows what two runs answered, on what grounds, and what each has cost.") { First, Second }, Compare);

    static Argument<string> Run(string name) => new(name)
    {
        Description = "A run's id, at least 4 characters of its beginning or end, or last.",
        Validators =
        {
            parsed =>
            {
                if (parsed.Tokens is [var id] && RunIds.Problem(id.Value) is { } problem) parsed.AddError(problem);
            },
        },
    };

    static async Task<int> Compare(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var (a, b) = (await server.Api.Find(call.Parsed.GetValue(First)!, ct), await server.Api.Find(call.Parsed.GetValue(Second)!, ct));
        var answer = await server.Api.Get($"runs/compare?a={a}&b={b}", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call.Screen, answer.As<RunComparison>());
        return ExitCodes.Ok;
    }

    static void Print(Screen screen, RunComparison both)
    {
        Table.Print(screen, ["run", "agent", "model", "status", ">calls", ">spent", ">inherited"], [Row(both.A), Row(both.B)]);
        if (both.Difference is not { } difference)
        {
            screen.Line("Both need an answer to be compared.");
            return;
        }

        screen.Line($"Claims: {(difference.SameClaims ? "the same" : "others")}. Citations: {(difference.SameCitations ? "the same" : "others")}.");
        foreach (var claim in difference.OnlyInFirst) screen.Line($"[red]-[/] {Screen.Safe(claim)}");
        foreach (var claim in difference.OnlyInSecond) screen.Line($"[green]+[/] {Screen.Safe(claim)}");
        foreach (var passage in difference.CitedOnlyInFirst) screen.Line($"[red]-[/] cites {Screen.Safe(passage)}");
        foreach (var passage in difference.CitedOnlyInSecond) screen.Line($"[green]+[/] cites {Screen.Safe(passage)}");
    }

    static string[] Row(ComparedRun run) =>
    [
        RunIds.Brief(run.Id), run.Agent, run.Model, run.Status, Formats.Number(run.ModelCalls),
        Formats.Cost(run.NewSpendUsd, run.UnpricedCalls, null),
        run.InheritedSpendUsd is { } usd ? Formats.Usd(usd) : "",
    ];
}
