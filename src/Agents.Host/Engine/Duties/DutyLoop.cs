using System.Collections.Concurrent;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>Does one duty for as long as the server lives.</summary>
sealed class DutyLoop(IDuty duty, SetAside setAside, ILogger log)
{
    /// <summary>After a round that failed as a whole: 1 s, 2 s, 4 s and so on, at most this.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    readonly ConcurrentDictionary<DutyItem, bool> underWay = new();
    TaskCompletionSource next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int failures;

    public IDuty Duty => duty;

    /// <summary>Completes when a round has ended that has not begun yet, whether it failed or not.</summary>
    public Task NextRound => Volatile.Read(ref next).Task;

    public Task Run(CancellationToken ct) => Rounds.Forever($"The duty to {duty.Name}", () => Round(ct), () => Wait(ct), log, ct);

    async Task Round(CancellationToken ct)
    {
        var ended = Interlocked.Exchange(ref next, new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            await duty.Round(new(duty.Name, setAside, underWay, log, ct), ct);
            failures = 0;
        }
        catch when (!ct.IsCancellationRequested)
        {
            failures++;
            RunTelemetry.DutyFailures.Add(1, new KeyValuePair<string, object?>("duty", duty.Name));
            throw;
        }
        finally
        {
            ended.TrySetResult();
        }
    }

    Task Wait(CancellationToken ct) => failures == 0
        ? duty.Wait(ct)
        : Task.Delay(TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, failures - 1))), ct);
}
