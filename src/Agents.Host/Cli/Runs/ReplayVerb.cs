using System.CommandLine;
using System.Text.Json;
using Agents.Host.Api.Runs;
using Agents.Host.Audit;
using Agents.Host.Cli.Database;
using Agents.Host.Cli.Display;
using Agents.Host.Log;

namespace Agents.Host.Cli.Runs;

/// <summary>
/// Tells a run's history from the store, one fact a line; or proves it, by deriving each decision anew. No model and no tool is called.
/// </summary>
static class ReplayVerb
{
    static readonly Option<bool> Check = new("--check") { Description = "Derives each decision anew and compares it with the facts." };
    static readonly Option<bool> All = new("--all") { Description = "Checks all runs, open ones too, straight from the database." };
    static readonly Option<DateTimeOffset?> Since = SinceOption.Create("With --all: only runs queued since then, such as 2026-11-01.");
    static readonly Option<string?> Tenant = new("--tenant") { Description = "With --all: only this tenant's runs.", HelpName = "T" };

    public static Command Create(Verb verb)
    {
        var replay = new Command("replay", "Prints a run's facts from the store, or proves them: no model, no tool.")
        {
            RunArgument.MaybeId, Check, All, Since, Tenant,
        };
        replay.Validators.Add(parsed =>
        {
            var isAll = parsed.GetValue(All);
            if (isAll == parsed.GetResult(RunArgument.MaybeId)?.Tokens.Count > 0) parsed.AddError("Say which run, or --all.");
            if (!isAll && (parsed.GetResult(Since) is not null || parsed.GetResult(Tenant) is not null)) parsed.AddError("--since and --tenant go with --all.");
        });
        return verb.Does(replay, Run);
    }

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        if (call.Parsed.GetValue(All)) return await CheckAll(call, ct);

        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var runId = await server.Api.Find(call.Parsed.GetValue(RunArgument.MaybeId)!, ct);
        if (call.Parsed.GetValue(Check)) return Print(call, await server.Api.Post($"runs/{runId}/replay", new { }, ct));

        var facts = await server.Api.Events(runId, ct);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(facts, Answers.Format));
        else foreach (var fact in facts.Items) call.Screen.Line(Screen.Safe(FactText.Line(fact)));
        return ExitCodes.Ok;
    }

    static async Task<int> CheckAll(Call call, CancellationToken ct)
    {
        await using var database = await CallDatabase.Open(call, ct);
        var report = await DecisionCheck.Run(database.ConnectionString, call.Parsed.GetValue(Tenant), call.Parsed.GetValue(Since), ct)
            ?? throw CallDatabase.NothingThere(database.Describe());
        return CallDatabase.Print(call, report);
    }

    static int Print(Call call, JsonElement answer)
    {
        var replay = answer.As<ReplayView>();
        if (call.IsJson) call.Screen.Json(answer);
        else if (replay.Divergence is not { } divergence)
            call.Screen.Line(
                $"[green]identical[/]  {Formats.Count(replay.Facts, "fact")}, each decided as it is stored [grey](nothing was bought)[/]");
        else
        {
            call.Screen.Line($"[red]diverges[/]  at version {divergence.Version} of {replay.Facts}");
            call.Screen.Line($"  stored   {(divergence.Stored is { } stored ? Text(stored) : "nothing: the facts end before")}");
            call.Screen.Line($"  decided  {(divergence.Decided.Count > 0 ? Text(divergence.Decided[0]) : "nothing: no outcome brings this fact")}");
            foreach (var next in divergence.Decided.Skip(1)) call.Screen.Line($"           {Text(next)}");
        }

        return replay.IsIdentical ? ExitCodes.Ok : ExitCodes.Failed;

        static string Text(FactView fact) => Screen.Safe($"{fact.Type}: {FactText.Of(new EventView(0, fact.Type, default, fact.Data))}");
    }
}
