using System.CommandLine;
using System.Text.Json;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Runs;

/// <summary>Tells a run's history from the store, one fact a line.</summary>
static class ReplayVerb
{
    public static Command Create(Verb verb) => verb.Does(new("replay", "Prints a run's facts from the store, one a line.") { RunArgument.Id }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var facts = await server.Api.Events(await call.Run(server.Api, ct), ct);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(facts, Answers.Format));
        else foreach (var fact in facts.Items) call.Screen.Line(Screen.Safe(FactText.Line(fact)));
        return ExitCodes.Ok;
    }
}
