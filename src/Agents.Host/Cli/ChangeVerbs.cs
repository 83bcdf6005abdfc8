using System.CommandLine;
using Agents.Host.Runs;

namespace Agents.Host.Cli;

/// <summary>Cancel, pause and resume: what a person does to a run.</summary>
static class ChangeVerbs
{
    static readonly Option<string?> Reason = new("--reason") { Description = "Kept with the run's facts.", HelpName = "R" };

    public static IEnumerable<Command> Create(Verb verb) =>
    [
        Change(verb, "cancel", "Ends a run for good."),
        Change(verb, "pause", "Stops a run until it is resumed."),
        Change(verb, "resume", "Lets a paused or parked run go on."),
    ];

    static Command Change(Verb verb, string name, string description) =>
        verb.Does(new(name, description) { RunArgument.Id, Reason }, (call, ct) => Run(call, name, ct));

    static async Task<int> Run(Call call, string name, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var runId = await call.Run(server.Api, ct);
        var answer = await server.Api.Post($"runs/{runId}/{name}", new ReasonRequest(call.Said.GetValue(Reason)), ct);
        var state = answer.As<RunState>();
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"Run {RunIds.Brief(runId)} is {state.Status}.");

        if (name is not "resume" || !server.IsOwn || call.IsJson) return ExitCodes.Ok;
        var run = await RunFollowing.Show(call, server.Api, runId, new(), ct); // its server ends with this call
        Outcome.Print(call.Screen, run);
        return ExitCodes.Of(run.Status);
    }
}
