using System.CommandLine;
using System.Globalization;
using Agents.Host.Api.Costs;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Money;

/// <summary>What models have cost.</summary>
static class CostVerb
{
    const int BarColumns = 24;

    static readonly Option<DateOnly?> Since = new("--since")
    {
        Description = "First day, as 2026-11-01. Without it: the last 30 days.", HelpName = "DATE"
    };
    static readonly Option<string?> By = new("--by")
    {
        Description = "Sums by day, agent, model, tenant, run, step or provider, the dearest first, with bars.", HelpName = "WHAT"
    };
    static readonly Option<bool> Csv = new("--csv") { Description = "Comma-separated values, and nothing else on stdout." };

    public static Command Create(Verb verb)
    {
        By.AcceptOnlyFromAmong([.. DashboardReader.Groupings.Keys]);
        return verb.Does(new("cost", "Shows what models have cost, by day, agent and model.") { Since, By, Csv }, Run);
    }

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        if (call.IsJson && call.Parsed.GetValue(Csv)) throw new VerbException(ExitCodes.Usage, "Say --json or --csv, not both.");

        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var since = call.Parsed.GetValue(Since);
        if (call.Parsed.GetValue(By) is { } by)
        {
            var grouped = await server.Api.Get($"dashboard?by={by}&{(since is { } day ? $"since={day:yyyy-MM-dd}" : "window=30d")}", ct);
            if (call.IsJson) call.Screen.Json(grouped);
            else if (call.Parsed.GetValue(Csv))
                Write(call.Screen.Output, [by, .. Columns], grouped.As<Dashboard>().Items.Select(group => Cells(group.Key, group.Figures)));
            else Print(call.Screen, by, grouped.As<Dashboard>());
            return ExitCodes.Ok;
        }

        var answer = await server.Api.Get(since is { } first ? $"costs?since={first:yyyy-MM-dd}" : "costs", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else if (call.Parsed.GetValue(Csv)) Write(call.Screen.Output, Days, answer.As<CostReport>().Items.Select(Cells));
        else Print(call.Screen, answer.As<CostReport>());
        return ExitCodes.Ok;
    }

    static void Print(Screen screen, string by, Dashboard dashboard)
    {
        var dearest = dashboard.Items.Select(group => group.Figures.CostUsd).DefaultIfEmpty().Max();
        var rows = dashboard.Items.Select(group => Row(
            group.Key ?? "(none)", group.Figures, dearest)).Append(Row("total", dashboard.Calls, 0)).ToList();
        Table.Print(screen, ["*" + by, ">calls", "->tokens in", "->tokens out", "$cost", "-"], rows);
        Print(screen, dashboard.Calls.UnconfirmedUsd);
    }

    static string[] Row(string key, CallFigures figures, decimal dearest) =>
    [
        key, Formats.Number(figures.Calls), Formats.Number(figures.Tokens.TotalInput()), Formats.Number(figures.Tokens.TotalOutput()),
        Formats.ShortCost(figures.CostUsd, (int)figures.UnpricedCalls, null),
        dearest == 0 ? "" : new('█', (int)Math.Ceiling(figures.CostUsd / dearest * BarColumns)),
    ];

    static void Print(Screen screen, CostReport report)
    {
        var rows = report.Items.Select(day => Row($"{day.Day:yyyy-MM-dd}", day.Agent, day.Model ?? "(unknown)", day.Spend)).ToList();
        rows.Add(Row("total", "", "", report.Total));
        Table.Print(screen, ["day", "agent", "*model", "->calls", "->tokens in", "->tokens out", "$cost"], rows);
        Print(screen, report.UnconfirmedUsd);
    }

    static void Print(Screen screen, UnconfirmedView? spend)
    {
        if (spend is not { } unconfirmed) return;

        screen.Line();
        screen.Line(
            $"[yellow]Unconfirmed:[/] {Formats.Count(unconfirmed.Calls, "call")} without an outcome may have cost "
            + $"{Formats.Unconfirmed(unconfirmed)}.");
    }

    static string[] Row(string day, string agent, string model, Spend spend) =>
    [
        day, agent, model, Formats.Number(spend.Calls), Formats.Number(spend.InputTokens), Formats.Number(spend.OutputTokens),
        Formats.ShortCost(spend.CostUsd, spend.UnpricedCalls, null),
    ];

    static readonly string[] Columns =
    [
        "calls", "failed_attempts", "lost_attempts", "cost_usd", "unpriced_calls", "input_tokens", "cached_input_tokens",
        "cache_write_5_minutes_tokens",
        "cache_write_1_hour_tokens", "output_tokens", "reasoning_tokens", "audio_input_tokens", "audio_output_tokens", "web_searches",
    ];

    static readonly string[] Days = ["day", "agent", "model", "calls", "cost_usd", "unpriced_calls", "input_tokens", "output_tokens"];

    static object?[] Cells(string? key, CallFigures figures) =>
    [
        key, figures.Calls, figures.FailedAttempts, figures.LostAttempts, figures.CostUsd, figures.UnpricedCalls, figures.Tokens.InputTokens,
        figures.Tokens.CachedInputTokens, figures.Tokens.CacheWrite5MinutesTokens, figures.Tokens.CacheWrite1HourTokens, figures.Tokens.OutputTokens,
        figures.Tokens.ReasoningTokens, figures.Tokens.AudioInputTokens, figures.Tokens.AudioOutputTokens, figures.Tokens.WebSearches,
    ];

    static object?[] Cells(DayCost day) =>
    [
        $"{day.Day:yyyy-MM-dd}", day.Agent, day.Model, day.Spend.Calls, day.Spend.CostUsd, day.Spend.UnpricedCalls, day.Spend.InputTokens,
        day.Spend.OutputTokens,
    ];

    static void Write(TextWriter output, IEnumerable<string> names, IEnumerable<object?[]> rows)
    {
        output.WriteLine(string.Join(',', names));
        foreach (var row in rows) output.WriteLine(string.Join(',', row.Select(Field)));
    }

    /// <summary>As RFC 4180 says; a text that a spreadsheet would take for a formula is made harmless.</summary>
    static string Field(object? value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        if (value is string && text is ['=' or '+' or '-' or '@' or '\t', ..]) text = "'" + text;
        return text.AsSpan().IndexOfAny("\",\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
