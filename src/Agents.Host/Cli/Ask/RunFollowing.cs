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

    /// <summary>
    /// Shows the run until it is finished, or has stopped for a person; then its answer, or why there is none. Interrupted, it says that the run goes
    /// on, and how to see it.
    /// </summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> Show(Call call, ServerConnection server, Guid runId, CancellationToken ct)
    {
        try
        {
            var run = (await server.Api.Get($"runs/{runId}", ct)).AsRun();
            var progress = new RunProgress(await StepNames.Of(server.Api, run, ct));
            await new RunDisplay(call.Screen, progress, server.Api, runId).Show(Until(server.Api, runId, ct, withWords: call.Screen.IsTerminal), ct);
            run = (await server.Api.Get($"runs/{runId}", ct)).AsRun();
            await Outcome.Print(call.Screen, server.Api, run, ct);
            return ExitCodes.Of(run);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return Interrupted(call, server, $"run {RunIds.Brief(runId)}", $"agents tail {RunIds.Brief(runId)}");
        }
    }

    /// <summary>Shows the run if it is running in the server of this call, which would break off what it does when the call ends.</summary>
    /// <param name="status">The run's, after what the call has done.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> ShowIfOwn(Call call, ServerConnection server, Guid runId, string status, CancellationToken ct) =>
        server.IsOwn && !call.IsJson && status is "running" ? await Show(call, server, runId, ct) : ExitCodes.Ok;

    /// <summary>Says that what was asked for goes on, under which id, and how to see it.</summary>
    public static int Interrupted(Call call, ServerConnection server, string what, string command)
    {
        call.Screen.Inform($"Interrupted. The {what} goes on{(server.IsOwn ? " with the next start" : "")}: {command}");
        return ExitCodes.Interrupted;
    }

    /// <summary>Its facts to the last one there will be, unless a person acts.</summary>
    /// <param name="withWords">As for <see cref="Api.Follow"/>.</param>
    public static async IAsyncEnumerable<EventView> Until(
        Api api, Guid runId, [EnumeratorCancellation] CancellationToken ct, bool withWords = false)
    {
        await foreach (var happened in api.Follow(runId, after: 0, ct, withWords))
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
