using System.CommandLine;
using System.Text.Json;
using Agents.Host.Cli.Ask;

namespace Agents.Host.Cli.Runs;

/// <summary>Follows a run from its beginning to its end.</summary>
static class TailVerb
{
    public static Command Create(Verb verb) => verb.Does(new("tail", "Follows a run live, from its first fact to its last.") { RunArgument.Id }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var runId = await call.Run(server.Api, ct);
        await RunFollowing.MentionUnfinished(call, server, except: runId, ct);
        if (!call.IsJson) return await RunFollowing.Show(call, server, runId, ct);

        await foreach (var fact in RunFollowing.Until(server.Api, runId, ct)) call.Screen.JsonLine(
            JsonSerializer.SerializeToElement(fact, Answers.Format));
        return ExitCodes.Of((await server.Api.Get($"runs/{runId}", ct)).AsRun());
    }
}
