using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Runs;

/// <summary>Lists runs, newest first.</summary>
static class RunsVerb
{
    static readonly Option<string?> Status = new("--status")
    {
        Description = "queued, running, paused, parked, completed, failed or cancelled.", HelpName = "S"
    };
    static readonly Option<string?> Agent = new("--agent") { Description = "Only this agent's.", HelpName = "A" };
    static readonly Option<string?> Failure = new("--failure")
    {
        Description = "Only runs parked or failed for this, such as RateLimited.", HelpName = "F"
    };
    static readonly Option<int> Limit = new("--limit") { Description = "How many, 1 to 200.", HelpName = "N", DefaultValueFactory = _ => 20 };

    public static Command Create(Verb verb) => verb.Does(new("runs", "Lists runs, newest first.") { Status, Agent, Failure, Limit }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var query = $"runs?limit={call.Parsed.GetValue(Limit)}";
        if (call.Parsed.GetValue(Status) is { } status) query += $"&status={Uri.EscapeDataString(status)}";
        if (call.Parsed.GetValue(Agent) is { } agent) query += $"&agent={Uri.EscapeDataString(agent)}";
        if (call.Parsed.GetValue(Failure) is { } failure) query += $"&failure={Uri.EscapeDataString(failure)}";

        var answer = await server.Api.Get(query, ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call, answer.As<Page<RunView>>());
        return ExitCodes.Ok;
    }

    static void Print(Call call, Page<RunView> page)
    {
        if (page.Items.Count == 0) call.Inform("There are no such runs. Start one: agents ask \"question\"");
        else if (call.Parsed.GetValue(Status) is "parked" or "failed" || call.Parsed.GetValue(Failure) is not null)
            Table.Print(call.Screen, ["run", "status", "agent", "queued", ">cost", "failure", "why"], [.. page.Items.Select(StoppedRow)]);
        else Table.Print(call.Screen, ["run", "status", "agent", "queued", ">took", ">cost", "question"], [.. page.Items.Select(Row)]);
        if (page.Next is not null) call.Inform($"There are older ones: agents runs --limit {Math.Min(200, call.Parsed.GetValue(Limit) * 5)}");
    }

    static string[] StoppedRow(RunView run) =>
    [
        RunIds.Brief(run.Id), run.Status, run.Agent, Formats.Time(run.QueuedAt), Formats.Cost(run.CostUsd, run.UnpricedCalls, run.UnconfirmedUsd),
        run.Failure?.Kind ?? "", Screen.Clip(run.Failure?.Message, 200),
    ];

    static string[] Row(RunView run) =>
    [
        RunIds.Brief(run.Id), run.Status, run.Agent, Formats.Time(run.QueuedAt),
        run.DurationSeconds is { } seconds ? Formats.Duration(TimeSpan.FromSeconds(seconds)) : "",
        Formats.Cost(run.CostUsd, run.UnpricedCalls, run.UnconfirmedUsd), Screen.Clip(run.Question, 200),
    ];
}
