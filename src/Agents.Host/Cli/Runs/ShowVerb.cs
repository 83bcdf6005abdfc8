using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Ask;
using Agents.Host.Cli.Display;
using Agents.Host.Http;
using Agents.Host.Log;

namespace Agents.Host.Cli.Runs;

/// <summary>Shows one run: what was asked, how it stands, its steps, its answer.</summary>
static class ShowVerb
{
    static readonly Option<long?> Version = new("--version")
    {
        Description = "Shows it as it was after so many facts; see: agents replay ID", HelpName = "N",
    };

    public static Command Create(Verb verb) =>
        verb.Does(new("show", "Shows a run: question, steps, answer, citations, cost.") { RunArgument.Id, Version }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var runId = await call.Run(server.Api, ct);
        if (call.Parsed.GetValue(Version) is { } version)
        {
            var state = await server.Api.Get($"runs/{runId}/state?version={version}", ct);
            if (call.IsJson) call.Screen.Json(state);
            else PastRunDisplay.Print(call.Screen, state.As<StateView>());
            return ExitCodes.Ok;
        }

        var document = await server.Api.Get($"runs/{runId}", ct);
        if (call.IsJson) call.Screen.Json(document);
        else await Print(call.Screen, server.Api, document.AsRun(), ct);
        return ExitCodes.Ok;
    }

    static async Task Print(Screen screen, Api api, RunView run, CancellationToken ct)
    {
        var facts = (await api.Events(run.Id, ct)).Items;
        var children = (await api.Get($"runs/{run.Id}/children", ct)).As<Page<RunView>>().Items;
        var why = run.Answer is null ? (await api.Get($"runs/{run.Id}/why", ct)).As<WhyView>() : null;
        var status = run.Status is "running" && why?.BlockedBy.Count > 0 ? "waiting" : run.Status;
        var progress = new RunProgress(run.ForkedFrom is null ? [] : await StepNames.Of(api, run, ct));
        screen.Line($"[bold]{Screen.Safe(run.Question)}[/]");
        screen.Line(
            $"[grey]{run.Status} · {Screen.Safe(run.Agent)} {run.AgentVersion} · priority {run.Priority} · queued {Formats.Time(run.QueuedAt)}"
            + $"{Budget(run)}[/]");
        if (run.ForkedFrom is { } from)
            screen.Line($"[grey]continues run {RunIds.Brief(from.Run)} from version {from.Version}"
                + $"{(run.InheritedUsd is { } inherited ? $", which had cost {Formats.Usd(inherited)}" : "")}[/]");
        screen.Line();
        foreach (var fact in facts) progress.Add(fact);
        foreach (var step in progress.Steps.Where(step => step.WasReached()))
            screen.Line(step switch
            {
                { StartedAt: null } => StepLines.Skipped(step, screen.Width),
                { EndedAt: null } => StepLines.Unfinished(step, status, screen.Width),
                _ => StepLines.Over(step, screen.Width),
            });
        foreach (var child in children)
            screen.Line(
                $"[grey]started run {RunIds.Brief(child.Id)}: {Screen.Safe(child.Agent)}, {child.Status}"
                + $"{(child.CostUsd is { } cost ? $", {Formats.Cost(cost, child.UnpricedCalls, child.UnconfirmedUsd)}" : "")}[/]");
        Outcome.Print(screen, run, why);
    }

    static string Budget(RunView run) => run.BudgetUsd is { } budget ? $" · budget {Formats.Usd(budget)}" : "";
}
