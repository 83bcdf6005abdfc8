using System.CommandLine;
using System.Globalization;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Runs;

/// <summary>Lists runs, newest first.</summary>
static class RunsVerb
{
    const int AskedAtOnce = 8;

    static readonly Option<string?> Status = new("--status")
    {
        Description = "queued, running, paused, parked, completed, failed or cancelled; or waiting, for anything.", HelpName = "S"
    };
    static readonly Option<string?> Agent = new("--agent") { Description = "Only this agent's.", HelpName = "A" };
    static readonly Option<string?> Failure = new("--failure")
    {
        Description = "Only runs parked or failed for this, such as RateLimited.", HelpName = "F"
    };
    static readonly Option<string?> Text = new("--text") { Description = "Only runs with these words in their question.", HelpName = "WORDS" };
    static readonly Option<DateTimeOffset?> Since = SinceOption.Create("Only runs queued at this time or later, UTC.");
    static readonly Option<DateTimeOffset?> Until = SinceOption.Create("Only runs queued before this time, UTC.", "--until");
    static readonly Option<string?> Label = new("--label") { Description = "Only runs with this label and value.", HelpName = "NAME=VALUE" };
    static readonly Option<string?> Batch = new("--batch") { Description = "Only runs of this batch; see: agents batches", HelpName = "ID" };
    static readonly Option<string?> Schedule = new("--schedule") { Description = "Only runs of this schedule.", HelpName = "NAME" };
    static readonly Option<string?> Thread = new("--thread") { Description = "Only runs of this thread; see: agents threads", HelpName = "ID" };
    static readonly Option<decimal?> MinCost = new("--min-cost") { Description = "Only runs that cost so many US dollars or more.", HelpName = "USD" };
    static readonly Option<int> Limit = new("--limit") { Description = "How many, 1 to 200.", HelpName = "N", DefaultValueFactory = _ => 20 };

    public static Command Create(Verb verb) => verb.Does(
        new("runs", "Lists runs, newest first.")
        {
            Status, Agent, Failure, Text, Since, Until, Label, Batch, Schedule, Thread, MinCost, Limit,
        }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var filter = await FilterOf(call, server.Api, ct);
        var answer = await server.Api.Get($"runs?limit={call.Parsed.GetValue(Limit)}{filter}", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else await Print(call, server.Api, answer.As<Page<RunView>>(), filter.Length > 0, ct);
        return ExitCodes.Ok;
    }

    /// <summary>As it stands in the address, with a leading <c>&amp;</c>; empty when there is none.</summary>
    static async Task<string> FilterOf(Call call, Api api, CancellationToken ct)
    {
        var parsed = call.Parsed;
        var batch = parsed.GetValue(Batch) is { } named ? $"{await BatchIds.Find(api, named, ct)}" : null;
        (string Name, string? Value)[] filters =
        [
            ("status", parsed.GetValue(Status)), ("agent", parsed.GetValue(Agent)), ("failure", parsed.GetValue(Failure)), ("q", parsed.GetValue(Text)),
            ("since", parsed.GetValue(Since)?.ToString("O", null)), ("until", parsed.GetValue(Until)?.ToString("O", null)),
            ("label", parsed.GetValue(Label)), ("batch", batch), ("schedule", parsed.GetValue(Schedule)), ("thread", parsed.GetValue(Thread)),
            ("minCostUsd", parsed.GetValue(MinCost)?.ToString(CultureInfo.InvariantCulture)),
        ];
        return string.Concat(filters.Where(filter => filter.Value is not null).Select(filter => $"&{filter.Name}={Uri.EscapeDataString(filter.Value!)}"));
    }

    static async Task Print(Call call, Api api, Page<RunView> page, bool isFiltered, CancellationToken ct)
    {
        if (page.Items.Count == 0)
            call.Inform(isFiltered ? "No run fits. See all: agents runs" : "There are no runs yet. Start one: agents ask \"question\"");
        else if (call.Parsed.GetValue(Status) is "waiting") Table.Print(
            call.Screen, ["run", "-agent", "-queued", "waits for", "since", "*question"], await WaitingRows(api, page.Items, ct));
        else if (call.Parsed.GetValue(Status) is "parked" or "failed" || call.Parsed.GetValue(Failure) is not null)
            Table.Print(call.Screen, ["run", "status", "-agent", "-queued", "-$cost", "failure", "*why"], [.. page.Items.Select(StoppedRow)]);
        else Table.Print(call.Screen, ["run", "status", "-agent", "-queued", "->took", "$cost", "*question"], [.. page.Items.Select(Row)]);
        if (page.Next is not null) call.Inform(MorePages.Hint("older ones", call.Parsed.GetValue(Limit), "--until TIME shows those before it"));
    }

    /// <summary>Each is asked why it waits, a few at a time.</summary>
    static async Task<IReadOnlyList<string[]>> WaitingRows(Api api, IReadOnlyList<RunView> runs, CancellationToken ct)
    {
        var rows = new List<string[]>();
        foreach (var some in runs.Chunk(AskedAtOnce))
            rows.AddRange(await Task.WhenAll(some.Select(async run =>
            {
                var why = (await api.Get($"runs/{run.Id}/why", ct)).As<WhyView>();
                return new[]
                {
                    RunIds.Brief(run.Id), run.Agent, Formats.Time(run.QueuedAt), string.Join(", ", why.BlockedBy.Select(one => one.Kind).Distinct()),
                    why.BlockedBy.Select(one => one.Since).Min() is { } since ? Formats.Time(since) : "", Screen.Clip(run.Question, 200),
                };
            })));
        return rows;
    }

    static string[] StoppedRow(RunView run) =>
    [
        RunIds.Brief(run.Id), run.Status, run.Agent, Formats.Time(run.QueuedAt), Formats.ShortCost(run.CostUsd, run.UnpricedCalls, run.UnconfirmedUsd),
        run.Failure?.Kind ?? "", Screen.Clip(run.Failure?.Message, 200),
    ];

    static string[] Row(RunView run) =>
    [
        RunIds.Brief(run.Id), run.Status, run.Agent, Formats.Time(run.QueuedAt),
        run.DurationSeconds is { } seconds ? Formats.Duration(TimeSpan.FromSeconds(seconds)) : "",
        Formats.ShortCost(run.CostUsd, run.UnpricedCalls, run.UnconfirmedUsd), Screen.Clip(run.Question, 200),
    ];
}
