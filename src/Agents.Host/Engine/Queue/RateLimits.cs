using System.Collections.Concurrent;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Signals;
using Agents.Host.Models;
using Agents.Host.Postgres;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// Keeps model calls of all nodes within what a provider takes in a minute, in requests and tokens. A call is let through just before it is claimed; tokens
/// count at their upper bound until the reply says how many they were. A call that must wait longer than a run may hold its slot gives the slot back.
/// </summary>
public sealed class RateLimits(IRates rates, ISignals signals, DatabaseClock clock)
{
    /// <summary>How many short waits of one call are made in its slot, all within <see cref="SlotUse.LongestHeld"/>; then the run gives its slot back.</summary>
    const int MostWaits = 3;

    /// <summary>How long a node takes a model for unlimited before it asks the database again.</summary>
    static readonly TimeSpan KnownFreeFor = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, long> free = new(StringComparer.Ordinal);

    /// <summary>Waits until the call may be made. Null when its run has given its slot back, or has ended meanwhile.</summary>
    /// <param name="tokens">The most that the call can be.</param>
    public async Task<RatePass?> Take(string tenant, Guid runId, string model, long tokens, CancellationToken aborted, CancellationToken ct)
    {
        var left = SlotUse.LongestHeld;
        for (var waits = 0; ; waits++)
        {
            if (free.TryGetValue(model, out var at) && clock.GetElapsedTime(at) < KnownFreeFor) return new(this, model, null, tokens);

            var longest = waits < MostWaits ? left : TimeSpan.Zero;
            var (second, wait) = await rates.Ask(tenant, runId, model, tokens, longest, ct);
            if (second is null && wait is null) free[model] = clock.GetTimestamp();
            if (wait is not { } time) return new(this, model, second, tokens);
            if (time > longest)
            {
                signals.Announce(new(runId, MovesTheQueue: true, Ends: false));
                return null;
            }

            left -= time;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(aborted, ct);
            try
            {
                await Task.Delay(time, clock, stop.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return null; // the run ended, or this node stops: the node that gives the run its next slot asks again
            }
        }
    }

    /// <summary>An operator changed the limits of the model: what this node knew of them does not hold any more.</summary>
    public void Forget(string model) => free.TryRemove(model, out _);

    /// <summary>Keeps what a provider told with a reply.</summary>
    /// <param name="retryAfter">It refused the call, and wants to be left alone so long. Null when it did not.</param>
    public Task Note(string model, RateTold? told, TimeSpan? retryAfter)
    {
        Forget(model);
        return rates.Note(model, told, retryAfter);
    }

    internal Task GiveBack(string model, long second, long tokens) => rates.GiveBack(model, second, tokens);

    internal async Task Settle(string model, long? second, long reserved, ModelAnswer answer)
    {
        if (second is { } taken)
            await rates.Settle(model, taken, reserved, (answer.Outcome as ModelOutcome.Answered)?.Usage?.Total() ?? reserved, answer.SinceHeard);

        var retryAfter = answer.Outcome is ModelOutcome.Failed { Failure: { Kind: FailureKind.RateLimited, RetryAfter: { } wait } } ? wait : (TimeSpan?)null;
        if (answer.Told is not null || retryAfter is not null) await Note(model, answer.Told, retryAfter);
    }
}

/// <summary>Leave to make one call. Given back when it is disposed of without having been used.</summary>
/// <param name="second">In which it counts. Null when nothing limits the model.</param>
public sealed class RatePass(RateLimits rates, string model, long? second, long tokens) : IAsyncDisposable
{
    bool isUsed;

    /// <summary>The request goes out: from now on it counts.</summary>
    public void Use() => isUsed = true;

    /// <summary>Corrects the call by what the reply says, and notes what the provider told.</summary>
    public Task Settle(ModelAnswer answer) => rates.Settle(model, second, tokens, answer);

    public async ValueTask DisposeAsync()
    {
        if (!isUsed && second is { } taken) await rates.GiveBack(model, taken, tokens);
    }
}
