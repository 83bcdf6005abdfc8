using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Api.Runs;

namespace Agents.Host.Cli.Ask;

/// <summary>Looks what a run waits for, as long as nothing is heard of it.</summary>
/// <param name="changed">Called when what it waits for has changed; with nothing when it waits no longer.</param>
sealed class WaitWatch(Api api, Guid runId, Action<string, IReadOnlyList<Obstacle>> changed)
{
    /// <summary>So long nothing is heard before the first look; then the time doubles, up to the longest.</summary>
    static readonly TimeSpan First = TimeSpan.FromMilliseconds(300);
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(4);

    long heard = Environment.TickCount64;
    bool isWaiting;

    /// <summary>A fact, or a word, has come.</summary>
    public void Heard()
    {
        heard = Environment.TickCount64;
        if (isWaiting) Tell("running", []);
    }

    /// <summary>Until it is cancelled.</summary>
    public async Task Look(CancellationToken ct)
    {
        for (var pause = First; !ct.IsCancellationRequested;)
        {
            await Task.Delay(pause, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var quiet = TimeSpan.FromMilliseconds(Environment.TickCount64 - heard);
            pause = quiet < First ? First : pause * 2 < Longest ? pause * 2 : Longest;
            if (quiet < First || ct.IsCancellationRequested) continue;

            var before = heard;
            if (await Why(ct) is { } why && before == heard) Tell(why.Status, why.BlockedBy);
        }
    }

    void Tell(string status, IReadOnlyList<Obstacle> obstacles)
    {
        isWaiting = obstacles.Count > 0;
        changed(status, obstacles);
    }

    /// <summary>Null when the server does not answer: the stream of facts will say so.</summary>
    async Task<WhyView?> Why(CancellationToken ct)
    {
        try
        {
            return (await api.Get($"runs/{runId}/why", ct)).As<WhyView>();
        }
        catch (Exception e) when (e is VerbException or OperationCanceledException or HttpRequestException or IOException or JsonException)
        {
            return null;
        }
    }
}
