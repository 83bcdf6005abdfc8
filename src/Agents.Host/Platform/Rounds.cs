using Npgsql;

namespace Agents.Host.Platform;

/// <summary>Work that is done again and again for as long as the server lives, whatever goes wrong in one round.</summary>
static class Rounds
{
    /// <summary>Does a round, then waits, until the token is cancelled. A failed round is logged, the next one tries anew.</summary>
    public static async Task Forever(string what, Func<Task> round, Func<Task> wait, ILogger log, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await round();
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                if (IsDatabaseAway(e)) log.LogWarning("{What} goes on when the database is back: {Reason}", what, e.Message);
                else log.LogError(e, "{What} failed; it is tried again", what);
            }

            try
            {
                await wait();
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Tries until it succeeds, or the token is cancelled.</summary>
    public static async Task UntilDone(string what, Func<Task> work, ILogger log, CancellationToken ct)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Forever(what, async () =>
        {
            await work();
            await done.CancelAsync();
        }, () => Task.Delay(TimeSpan.FromSeconds(1), done.Token), log, done.Token);
    }

    /// <summary>
    /// Whether the failure is of the database as a whole, and not of one statement or row: what it refuses by itself will be refused again.
    /// </summary>
    public static bool IsDatabaseAway(Exception? e) => e switch
    {
        null or OutOfTimeException => false,
        PostgresException refused => refused.IsTransient || refused.SqlState.StartsWith("57P", StringComparison.Ordinal), // shut down, or starting
        NpgsqlException or TimeoutException or IOException => true,
        _ => IsDatabaseAway(e.InnerException),
    };
}
