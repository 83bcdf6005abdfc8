using System.Diagnostics;
using System.Runtime.CompilerServices;
using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// This process as others see it: a name, and a dead man's lock. The lock is held by the session of a connection kept for that alone;
/// when the process dies, the kernel closes the socket and PostgreSQL frees the lock at once: another node that can take it knows that its owner is gone.
/// </summary>
/// <remarks>
/// The connection stays idle: a session inside a query would keep the lock until the query ends. It also listens to what other nodes announce, which needs
/// no query. A machine that vanishes closes nothing; keepalives, set for every connection, end its sessions after about eleven seconds.
/// </remarks>
public sealed class Node(DatabaseConnection settings, NpgsqlDataSource database, DatabaseClock clock, ILogger<Node> log) : BackgroundService, INode
{
    static readonly TimeSpan ReconnectAfter = TimeSpan.FromMilliseconds(250);

    /// <summary>How long after this node took its lock on a server all other nodes that live have taken theirs there, too.</summary>
    static readonly TimeSpan ReturnWithin = TimeSpan.FromSeconds(5);

    readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>When this node took the lock that it holds now. Null while it holds none.</summary>
    volatile StrongBox<long>? taken;

    /// <summary>Unique for each start of the process, such as <c>web1-4242-9f3c1a</c>. Facts call it the worker.</summary>
    public string Name { get; } = $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.CreateVersion7().ToString("N")[^6..]}";

    /// <summary>Whether this node holds its lock now; without it others may take its runs for orphans.</summary>
    public bool HoldsItsLock => taken is not null;

    /// <summary>What a node announced, this one included. Called on the connection's thread: be brief and do not throw.</summary>
    public event Action<string>? Heard;

    /// <summary>Completes when the lock is held for the first time. Nothing is claimed before.</summary>
    public Task Ready => held.Task;

    /// <summary>
    /// Which of these workers have died. A database that has started, or a standby that was promoted, knows no lock at first, and the nodes that live come
    /// to take theirs again. So a worker is dead that has held its lock on this very server and holds it no more; of a worker that has not held it there,
    /// a node judges that has held its own there for a while. A worker that this node cannot judge counts as living.
    /// </summary>
    public async Task<IReadOnlySet<string>> Gone(IReadOnlyCollection<string> workers, CancellationToken ct)
    {
        var others = workers.Where(worker => worker != Name).Distinct().ToArray();
        if (others.Length == 0) return new HashSet<string>();

        var isSettled = taken is { } at && clock.GetElapsedTime(at.Value) >= ReturnWithin;
        var gone = await database.Query<string>(
            """
            select worker from unnest(@others) worker left join agents.node n on n.name = worker
            where (n.held_on = agents.server_started_at() or @is_settled and agents.lives(@name))
              and pg_try_advisory_xact_lock_shared(agents.node_lock(worker))
            """, new { others, isSettled, Name }, ct);
        return gone.ToHashSet();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Rounds.Forever(
        $"Node {Name}", () => HoldLock(stoppingToken), () => Task.Delay(ReconnectAfter, stoppingToken), log, stoppingToken);

    /// <summary>Takes the lock, and keeps it until the connection breaks. Wakes to hear what is announced, and to measure the database's clock.</summary>
    async Task HoldLock(CancellationToken ct)
    {
        var own = new NpgsqlConnectionStringBuilder(settings.ConnectionString)
        {
            Pooling = false,
            ApplicationName = Name,
            HostRecheckSeconds = 0, // of several hosts each is asked anew whether it is the primary: the lock is back as soon as there is one
        };
        await using var connection = new NpgsqlConnection(own.ConnectionString);
        await connection.OpenAsync(ct);
        connection.Notification += (_, announced) => Heard?.Invoke(announced.Payload);
        await clock.Measure(connection, ct);
        await connection.Execute($"listen {Announcements.Channel}", null, ct);
        await connection.Execute("set synchronous_commit = off", null, ct); // it never waits for a standby
        await connection.Execute("select pg_advisory_lock(agents.node_lock(@name))", new { Name }, ct);
        await connection.Execute("update agents.node set held_on = agents.server_started_at() where name = @name", new { Name }, ct);
        taken = new(clock.GetTimestamp());
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
            taken = null;
        }
    }
}
