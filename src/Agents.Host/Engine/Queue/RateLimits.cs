using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Domain.Runs;
using Agents.Host.Engine.Signals;
using Agents.Host.Models;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// Keeps model calls of all nodes within what a provider takes in a minute, in requests and tokens. A call is let through by one short statement
/// just before it is claimed; tokens count at their upper bound until the reply says how many they were. A call that must wait longer than a second
/// gives the run's slot back.
/// </summary>
public sealed class RateLimits(NpgsqlDataSource database, Node node, ModelOptions options, NodeSignals signals, ILogger<RateLimits> log)
{
    /// <summary>A wait up to this is waited for with the slot in hand.</summary>
    static readonly TimeSpan LongestHeld = TimeSpan.FromSeconds(1);

    /// <summary>Short waits of one call; then it waits like any other.</summary>
    const int MostWaits = 3;

    /// <summary>A model that nothing limits is asked about again after this.</summary>
    static readonly TimeSpan KnownFreeFor = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, long> free = new(StringComparer.Ordinal);

    /// <summary>Waits until the call may be made. Null when its run has given its slot back, or has ended meanwhile.</summary>
    /// <param name="tokens">The most that the call can be.</param>
    public async Task<RatePass?> Take(string tenant, Guid runId, string model, long tokens, CancellationToken aborted, CancellationToken ct)
    {
        for (var waits = 0; ; waits++)
        {
            if (free.TryGetValue(model, out var at) && Stopwatch.GetElapsedTime(at) < KnownFreeFor) return new(this, model, null, tokens);

            var longest = waits < MostWaits ? LongestHeld : TimeSpan.Zero;
            var (second, wait) = await Ask(tenant, runId, model, tokens, longest, ct);
            if (second is null && wait is null) free[model] = Stopwatch.GetTimestamp();
            if (wait is not { } time) return new(this, model, second, tokens);
            if (time > longest)
            {
                signals.Announce(new(runId, MovesTheQueue: true, Ends: false));
                return null;
            }

            using var stop = CancellationTokenSource.CreateLinkedTokenSource(aborted, ct);
            try
            {
                await Task.Delay(time, stop.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return null; // the run ended, or the node stops: the node that has it next asks again
            }
        }
    }

    /// <summary>Limits were changed: what was known of the model does not hold any more.</summary>
    public void Forget(string model) => free.TryRemove(model, out _);

    async Task<(long? Second, TimeSpan? Wait)> Ask(string tenant, Guid runId, string model, long tokens, TimeSpan longest, CancellationToken ct)
    {
        var taken = await database.First<Taken>(
            "select taken_second, wait from agents.take_rate(@provider, @model, @tokens, @tenant, @run_id, @node, @longest)",
            new { provider = options.Name, model, tokens, tenant, runId, node = node.Name, longest }, ct);
        return (taken.TakenSecond, taken.Wait);
    }

    readonly record struct Taken(long? TakenSecond, TimeSpan? Wait);

    internal Task GiveBack(string model, long second, long tokens) => Try(
        "call agents.give_back_rate(@provider, @model, @second, @tokens)", new { provider = options.Name, model, second, tokens });

    internal Task Settle(string model, long second, long reserved, long tokens, TimeSpan sinceHeard) => Try(
        "call agents.settle_rate(@provider, @model, @second, @reserved, @tokens, @seconds_ago)",
        new { provider = options.Name, model, second, reserved, tokens, secondsAgo = sinceHeard.TotalSeconds });

    /// <summary>Keeps what a provider told with a reply.</summary>
    /// <param name="retryAfter">It refused the call, and wants to be left alone so long. Null when it did not.</param>
    public Task Note(string model, RateTold? told, TimeSpan? retryAfter)
    {
        Forget(model);
        return Try(
            """
            call agents.note_rate(
              @provider, @model, @requests_per_minute, @tokens_per_minute, @requests_left, @requests_reset, @tokens_left, @tokens_reset, @retry_after)
            """,
            new
            {
                provider = options.Name,
                model,
                told?.RequestsPerMinute,
                told?.TokensPerMinute,
                told?.RequestsLeft,
                told?.RequestsReset,
                told?.TokensLeft,
                told?.TokensReset,
                retryAfter,
            });
    }

    /// <summary>The call's outcome must not be lost for this: without it, a little less is let through for a minute.</summary>
    async Task Try(string sql, object values)
    {
        try
        {
            await database.Execute(sql, values, CancellationToken.None);
        }
        catch (NpgsqlException away)
        {
            log.LogWarning("A rate is not corrected: {Reason}", away.Message);
        }
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
    /// <param name="outcome">Null when the call was broken off.</param>
    /// <param name="ear">What the provider's reply said. Null when there was none.</param>
    public async Task Settle(ModelOutcome? outcome, RateHeaders.Ear? ear = null)
    {
        if (second is { } taken)
            await rates.Settle(
                model, taken, tokens, (outcome as ModelOutcome.Answered)?.Usage?.Total() ?? tokens, ear?.SinceHeard() ?? TimeSpan.Zero);
        var told = ear?.Told;
        var retryAfter = outcome is ModelOutcome.Failed { Failure: { Kind: FailureKind.RateLimited, RetryAfter: { } wait } } ? wait : (TimeSpan?)null;
        if (told is not null || retryAfter is not null) await rates.Note(model, told, retryAfter);
    }

    public async ValueTask DisposeAsync()
    {
        if (!isUsed && second is { } taken) await rates.GiveBack(model, taken, tokens);
    }
}
