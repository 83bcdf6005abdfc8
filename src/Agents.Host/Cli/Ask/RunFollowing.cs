using System.Runtime.CompilerServices;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Http;
using Agents.Host.Log;

namespace Agents.Host.Cli.Ask;

/// <summary>Shows a run to where it does no more by itself. The manner <c>ask</c> and <c>tail</c> share.</summary>
static class RunFollowing
{
    /// <summary>Most runs that are counted as unfinished.</summary>
    const int MostUnfinished = 200;

    /// <summary>The run as it stands when it is finished, or has stopped for a person.</summary>
    public static async Task<RunView> Show(Call call, Api api, Guid runId, RunProgress progress, CancellationToken ct)
    {
        await new RunDisplay(call.Screen, progress, runId).Show(Until(api, runId, ct), ct);
        return (await api.Get($"runs/{runId}", ct)).AsRun();
    }

    /// <summary>Its facts to the last one there will be, unless a person acts.</summary>
    public static async IAsyncEnumerable<EventView> Until(Api api, Guid runId, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var happened in api.Follow(runId, after: 0, ct))
        {
            yield return happened;
            if (happened.Type is not ("run_parked" or "run_paused")) continue;
            if ((await api.Get($"runs/{runId}", ct)).AsRun().Status is "parked" or "paused") yield break; // else it was resumed since
        }
    }

    /// <summary>Says that runs from before go on, when this call has started the server they waited for.</summary>
    public static async Task MentionUnfinished(Call call, ServerConnection server, Guid? except, CancellationToken ct)
    {
        if (!server.IsOwn || call.IsJson) return;

        var running = (await server.Api.Get($"runs?status=running&limit={MostUnfinished}", ct)).As<Page<RunView>>();
        var queued = (await server.Api.Get($"runs?status=queued&limit={MostUnfinished}", ct)).As<Page<RunView>>();
        var unfinished = running.Items.Concat(queued.Items).Where(run => run.Id != except).ToList();
        if (unfinished is [var first, ..])
            call.Inform(
                $"{Formats.Count(unfinished.Count, "unfinished run")} {(unfinished.Count == 1 ? "goes" : "go")} on: agents tail "
                + $"{RunIds.Brief(first.Id)}");
    }
}
