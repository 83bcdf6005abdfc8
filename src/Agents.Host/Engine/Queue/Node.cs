using System.Diagnostics;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// This process as others see it: a name, and a dead man's lock. The lock is held by the session of a connection kept for that alone;
/// when the process dies, the kernel closes the socket and PostgreSQL frees the lock at once, so anybody who can take it knows that its owner is gone.
/// </summary>
/// <remarks>
/// The connection stays idle: a session inside a query would keep the lock until the query ends. It also listens to what other nodes announce, which needs
/// no query. A machine that vanishes closes nothing; keepalives, set for every connection, end its sessions after about eleven seconds.
/// </remarks>
public sealed class Node(DatabaseConnection settings, NpgsqlDataSource database, DatabaseClock clock, ILogger<Node> log) : BackgroundService, INode
{
    static readonly TimeSpan ReconnectAfter = TimeSpan.FromMilliseconds(250);

    /// <summary>How long after a start of the database the living have taken their locks again.</summary>
    static readonly TimeSpan ReturnWithin = TimeSpan.FromSeconds(2);

    readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    volatile bool holds;

    /// <summary>Unique for each start of the process, such as <c>web1-4242-9f3c1a</c>. Facts call it the worker.</summary>
    public string Name { get; } = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.CreateVersion7().ToString("N")[^6..]}";

    /// <summary>Whether this node holds its lock now; without it others may take its runs for orphans.</summary>
    public bool HoldsItsLock => holds;

    /// <summary>What a node announced, this one included. Called on the connection's thread: be brief and do not throw.</summary>
    public event Action<string>? Heard;

    /// <summary>Completes when the lock is held for the first time. Nothing is claimed before.</summary>
    public Task Ready => held.Task;

    /// <summary>
    /// Which of these workers have died. A worker this node cannot judge, because the database is away, counts as living; and so does everybody just after
    /// the database started, when all locks are free and the living come to take theirs again.
    /// </summary>
    public async Task<IReadOnlySet<string>> Gone(IReadOnlyCollection<string> workers, CancellationToken ct)
    {
        var others = workers.Where(worker => worker != Name).Distinct().ToArray();
        if (others.Length == 0) return new HashSet<string>();

        var gone = await database.Query<string>(
            """
            select worker from unnest(@others) worker
            where clock_timestamp() > pg_postmaster_start_time() + @return_within
              and pg_try_advisory_xact_lock_shared(agents.node_lock(worker))
            """, new { others, ReturnWithin }, ct);
        return gone.ToHashSet();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Rounds.Forever(
        $"Node {Name}", () => HoldLock(stoppingToken), () => Task.Delay(ReconnectAfter, stoppingToken), log, stoppingToken);

    /// <summary>Takes the lock, and keeps it until the connection breaks. Wakes to hear what is announced, and to measure the database's clock.</summary>
    async Task HoldLock(CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Pooling = false, ApplicationName = Name }.ConnectionString);
        await connection.OpenAsync(ct);
        connection.Notification += (_, announced) => Heard?.Invoke(announced.Payload);
        await clock.Measure(connection, ct);
        await connection.Execute($"listen {Announcements.Channel}", null, ct);
        await connection.Execute("select pg_advisory_lock(agents.node_lock(@name))", new { Name }, ct);
        holds = true;
        held.TrySetResult();
        try
        {
            for (var measured = Stopwatch.GetTimestamp(); ;)
            {
                await connection.WaitAsync(DatabaseClock.Every, ct); // returns on an announcement or when time is up, throws when the connection breaks
                if (Stopwatch.GetElapsedTime(measured) < DatabaseClock.Every) continue;
                await clock.Measure(connection, ct);
                measured = Stopwatch.GetTimestamp();
            }
        }
        finally
        {
            holds = false;
        }
    }
}
