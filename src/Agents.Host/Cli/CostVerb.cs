using System.CommandLine;
using Agents.Host.Costs;

namespace Agents.Host.Cli;

/// <summary>What models have cost.</summary>
static class CostVerb
{
    static readonly Option<DateOnly?> Since = new("--since") { Description = "First day, as 2026-11-01. Without it: the last 30 days.", HelpName = "DATE" };

    public static Command Create(Verb verb) => verb.Does(new("cost", "Shows what models have cost, by day, agent and model.") { Since }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get(call.Said.GetValue(Since) is { } since ? $"costs?since={since:yyyy-MM-dd}" : "costs", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call.Screen, answer.As<CostReport>());
        return ExitCodes.Ok;
    }

    static void Print(Screen screen, CostReport report)
    {
        var rows = report.Items.Select(day => Row($"{day.Day:yyyy-MM-dd}", day.Agent, day.Model ?? "(settled later)", day.Spend)).ToList();
        rows.Add(Row("total", "", "", report.Total));
        Table.Print(screen, ["day", "agent", "model", ">calls", ">tokens in", ">tokens out", ">cost"], rows);
        if (report.UnconfirmedUsd is not { } unconfirmed) return;

        screen.Line();
        screen.Line($"[yellow]Unconfirmed:[/] {Formats.Count(unconfirmed.Calls, "call")} without an outcome may have cost {Formats.Unconfirmed(unconfirmed)}.");
    }

    static string[] Row(string day, string agent, string model, Spend spend) =>
    [
        day, agent, model, Formats.Number(spend.Calls), Formats.Number(spend.InputTokens), Formats.Number(spend.OutputTokens),
        Formats.Cost(spend.CostUsd, spend.UnpricedCalls, null),
    ];
}
