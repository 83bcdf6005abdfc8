using System.Collections.Concurrent;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>How a duty sees to what it found.</summary>
public sealed record DutyPace
{
    /// <summary>How long one thing may take.</summary>
    public TimeSpan Within { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the others wait for one that is slow, such as for a lock. It goes on beside them then.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Things seen to beside each other.</summary>
    public int AtOnce { get; init; } = 2;
}

/// <summary>
/// One round of a duty. Its questions and each thing it sees to have a time limit; what fails is logged with its stack and set aside, and neither it
/// nor what is slow holds anything else back.
/// </summary>
/// <param name="underWay">What earlier rounds of the duty have begun and not ended.</param>
public sealed class DutyRound(string duty, SetAside setAside, ConcurrentDictionary<DutyItem, bool> underWay, ILogger log, CancellationToken ct)
{
    /// <summary>How long a question to the database may take.</summary>
    static readonly TimeSpan AsksWithin = TimeSpan.FromSeconds(5);

    static readonly DutyPace Usual = new();

    /// <summary>Asks what is due.</summary>
    public Task<T> Ask<T>(Func<CancellationToken, Task<T>> question) => TimeLimit.Within(AsksWithin, question, ct);

    public Task SeeTo(IReadOnlyCollection<FoundRun> runs, Func<FoundRun, CancellationToken, Task> act, DutyPace? pace = null) =>
        SeeTo(runs, run => new(run.Tenant, run.RunId), act, pace);

    /// <summary>
    /// Sees to each of these. Returns when all are done or set aside, but for slow ones, which are passed over while they are under way.
    /// </summary>
    /// <exception cref="Exception">One failed and could not be set aside: the database is away.</exception>
    public Task SeeTo<T>(IEnumerable<T> found, Func<T, DutyItem> itemOf, Func<T, CancellationToken, Task> act, DutyPace? pace = null)
    {
        pace ??= Usual;
        var options = new ParallelOptions { MaxDegreeOfParallelism = pace.AtOnce, CancellationToken = ct };
        return Parallel.ForEachAsync(found, options, async (one, _) =>
        {
            if (!underWay.TryAdd(itemOf(one), true)) return;

            var work = SeeToOne(itemOf(one), token => act(one, token), pace.Within);
            if (await Task.WhenAny(work, Task.Delay(pace.Patience, ct)) == work) await work;
            else LogLater(work);
        });
    }

    async Task SeeToOne(DutyItem item, Func<CancellationToken, Task> act, TimeSpan within)
    {
        try
        {
            await TimeLimit.Within(within, async token =>
            {
                await act(token);
                return true;
            }, ct);
            await setAside.Clear(duty, item, ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            await SetAside(item, failure);
        }
        finally
        {
            underWay.TryRemove(item, out _);
        }
    }

    async Task SetAside(DutyItem item, Exception failure)
    {
        var aside = await setAside.Add(duty, item, failure, ct);
        RunTelemetry.DutyFailures.Add(1, new KeyValuePair<string, object?>("duty", duty));
        log.LogError(
            failure, "The duty to {Duty} failed for {Item} of tenant {Tenant}, {Failures} in a row; it is tried again at {Until:u}",
            duty, item.Name, item.Tenant, aside.Failures, aside.Until);
    }

    /// <summary>No round waits for it any more.</summary>
    void LogLater(Task slow) => slow.ContinueWith(
        failed =>
        {
            if (!ct.IsCancellationRequested)
                log.LogWarning(failed.Exception!.GetBaseException(), "The duty to {Duty} goes on when the database is back", duty);
        }, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
