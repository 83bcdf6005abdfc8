using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Runs;

/// <summary>Shows what changed in a run between two of its versions, and which facts did it.</summary>
static class DiffVerb
{
    static readonly Argument<long> From = new("from") { Description = "A version of the run, from 1; see: agents replay ID" };
    static readonly Argument<long> To = new("to") { Description = "Another version of it." };

    public static Command Create(Verb verb) =>
        verb.Does(new("diff", "Shows what changed in a run between two of its versions.") { RunArgument.Id, From, To }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var runId = await call.Run(server.Api, ct);
        var answer = await server.Api.Get($"runs/{runId}/diff?from={call.Parsed.GetValue(From)}&to={call.Parsed.GetValue(To)}", ct);
        if (call.IsJson)
        {
            call.Screen.Json(answer);
            return ExitCodes.Ok;
        }

        var diff = answer.As<StateDiff>();
        foreach (var fact in diff.Facts) call.Screen.Line($"[grey]{Screen.Safe(FactText.Line(fact))}[/]");
        foreach (var change in diff.Reading) call.Screen.Line(Screen.Safe(change));
        if (diff.Reading.Count == 0) call.Screen.Line($"Nothing differs between version {diff.From} and version {diff.To}.");
        return ExitCodes.Ok;
    }
}
