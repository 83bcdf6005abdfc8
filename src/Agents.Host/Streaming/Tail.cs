using Agents.Host.Engine.Signals;
using Agents.Host.Log;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Streaming;

/// <summary>
/// The newest facts of all runs, read once for all readers of <c>GET /stream</c> on this node, and only while there are any.
/// </summary>
/// <remarks>
/// Facts are numbered in the order in which their transactions took a number, but become visible in the order in which these commit, so that "everything
/// after number n" can leave one out. Each entry therefore carries a cursor: a number up to which nothing can come any more. It is found so: the highest
/// number given out is noted; a moment later, the next transaction id; when every transaction below that id has ended, all numbers up to the noted one
/// are visible or will never be. Going on from a cursor gives everything after it, some of it for the second time.
/// </remarks>
public sealed class Tail : BackgroundService
{
    /// <summary>Facts kept in memory; a reader further behind reads the log.</summary>
    const int MostFacts = 1_000;

    internal const int PageSize = 500;

    /// <summary>Numbers before the newest from which a tail begins that has just got its first reader.</summary>
    const int Lookback = 1_000;

    static readonly TimeSpan Coalescing = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>Far longer than a transaction needs from taking a number to having an id.</summary>
    static readonly TimeSpan UntilIdIsTaken = TimeSpan.FromMilliseconds(100);

    readonly Lock gate = new();
    readonly List<TenantFact> latest = [];
    readonly HashSet<long> known = [];
    readonly Queue<Mark> marks = new();
    readonly Waker waker = new();
    readonly FactLog facts;
    readonly NpgsqlDataSource database;
    readonly ILogger<Tail> log;
    TaskCompletionSource changed = New();
    long first;
    long cursor;
    bool isRunning;
    int readers;

    /// <param name="NextId">Null until it is taken.</param>
    sealed record Mark(long Number, long At, long? NextId);

    public Tail(FactLog facts, NodeSignals signals, NpgsqlDataSource database, ILogger<Tail> log)
    {
        (this.facts, this.database, this.log) = (facts, database, log);
        signals.Written += _ =>
        {
            if (Volatile.Read(ref readers) > 0) waker.Wake();
        };
    }

    /// <param name="Facts">Null when they are not in memory any more.</param>
    /// <param name="Position">Where the next look begins.</param>
    /// <param name="Cursor">Nothing up to here can come any more.</param>
    public readonly record struct View(IReadOnlyList<TenantFact>? Facts, long Position, long Cursor, Task Changed);

    /// <summary>A reader is there until it calls <see cref="Leave"/>. Gives the position of what comes from now on.</summary>
    public async Task<View> Enter(CancellationToken ct)
    {
        Interlocked.Increment(ref readers);
        while (true)
        {
            Task started;
            lock (gate)
            {
                if (isRunning) return new([], first + latest.Count, cursor, changed.Task);
                started = changed.Task;
            }

            waker.Wake();
            await started.WaitAsync(ct);
        }
    }

    public void Leave() => Interlocked.Decrement(ref readers);

    public View See(long position)
    {
        lock (gate)
        {
            var next = first + latest.Count;
            return new(position < first ? null : latest.GetRange((int)(position - first), (int)(next - position)), next, cursor, changed.Task);
        }
    }

    /// <summary>The facts of a tenant after a number, as they stand in the log, a page of them.</summary>
    /// <param name="from">The cursor the reader came with.</param>
    /// <param name="settled">Up to here nothing can come any more; known before the log is read.</param>
    public async Task<IReadOnlyList<TenantFact>> After(string tenant, long number, long from, long settled, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"{Select} where e.tenant_id = $1 and e.seq_id > $2 order by e.seq_id limit {PageSize}");
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = number });
        await using var rows = await command.ExecuteReaderAsync(ct);
        var found = new List<TenantFact>();
        while (await rows.ReadAsync(ct)) found.Add(Of(rows, Math.Max(from, Math.Min(rows.GetInt64(4), settled))));
        return found;
    }

    const string Select =
        $"""
        select {FactLog.Columns}, e.seq_id, e.tenant_id, e.stream_id, s.agent, s.status from agents.mt_events e
        join agents.run_summary s on s.tenant_id = e.tenant_id and s.run_id = e.stream_id
        """;

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        return Rounds.Forever("Following all runs", Round, () => waker.Wait(Poll, stoppingToken), log, stoppingToken);

        async Task Round()
        {
            if (Volatile.Read(ref readers) == 0)
            {
                lock (gate) isRunning = false;
                return;
            }

            if (isRunning) await Task.Delay(Coalescing, stoppingToken);
            else await Begin(stoppingToken);
            while (await Read(stoppingToken) == PageSize) { }
        }
    }

    async Task Begin(CancellationToken ct)
    {
        var number = await Number(ct);
        lock (gate)
        {
            (first, cursor) = (first + latest.Count, Math.Max(0, number - Lookback));
            latest.Clear();
            known.Clear();
            marks.Clear();
        }

        await using var command = database.CreateCommand("select seq_id from agents.mt_events where seq_id > $1");
        command.Parameters.Add(new() { Value = cursor });
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct)) known.Add(rows.GetInt64(0));
        lock (gate) isRunning = true;
        WakeReaders();
    }

    /// <summary>How many facts were read, old ones included.</summary>
    async Task<int> Read(CancellationToken ct)
    {
        if (marks.Count == 0) marks.Enqueue(new(await Number(ct), Environment.TickCount64, null));

        await using var command = database.CreateCommand(
            $"""
            with now as (select pg_snapshot_xmin(s)::text::bigint as oldest, pg_snapshot_xmax(s)::text::bigint as next from pg_current_snapshot() s)
            select e.*, now.oldest, now.next from now left join (
              {Select} where e.seq_id > $1 and e.seq_id <> all($2) order by e.seq_id limit {PageSize}) e on true
            order by e.seq_id
            """);
        command.Parameters.Add(new() { Value = cursor });
        command.Parameters.Add(new() { Value = known.ToArray() });
        await using var rows = await command.ExecuteReaderAsync(ct);
        var (count, oldest, next, fresh) = (0, 0L, 0L, new List<TenantFact>());
        while (await rows.ReadAsync(ct))
        {
            (oldest, next) = (rows.GetInt64(9), rows.GetInt64(10));
            if (rows.IsDBNull(0)) continue;
            count++;
            if (known.Add(rows.GetInt64(4))) fresh.Add(Of(rows, cursor));
        }

        var isWhole = count < PageSize;
        lock (gate)
        {
            latest.AddRange(fresh);
            var gone = Math.Max(0, latest.Count - MostFacts);
            latest.RemoveRange(0, gone);
            first += gone;
            if (isWhole) Settle(oldest, next);
        }

        if (fresh.Count > 0) WakeReaders();
        return count;
    }

    /// <summary>Moves the cursor on, when all transactions that could still add something before it have ended.</summary>
    void Settle(long oldest, long next)
    {
        var mark = marks.Peek();
        if (mark.NextId is null)
        {
            if (Environment.TickCount64 - mark.At < UntilIdIsTaken.TotalMilliseconds) return;
            marks.Dequeue();
            marks.Enqueue(mark with { NextId = next });
        }
        else if (mark.NextId <= oldest)
        {
            marks.Dequeue();
            cursor = Math.Max(cursor, mark.Number);
            known.RemoveWhere(number => number <= cursor);
        }
    }

    async Task<long> Number(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select last_value from agents.mt_events_sequence");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    TenantFact Of(NpgsqlDataReader row, long cursor)
    {
        var fact = facts.FactOf(row);
        return new(row.GetInt64(4), cursor, row.GetString(5), new(
            row.GetGuid(6), row.GetString(7), row.GetString(8), fact.Stored.Version, fact.Stored.Type, fact.Stored.At, fact.Stored.Data));
    }

    void WakeReaders()
    {
        TaskCompletionSource woken;
        lock (gate) (woken, changed) = (changed, New());
        woken.TrySetResult();
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
