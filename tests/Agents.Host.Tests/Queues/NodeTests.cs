using Agents.Host.Engine.Queue;
using Agents.Host.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Agents.Host.Tests.Queues;

/// <summary>How a node tells which others have died. The server of the tests has run for long, as a standby has when it is promoted.</summary>
public sealed class NodeTests : IAsyncLifetime
{
    readonly List<Node> started = [];
    NpgsqlDataSource database = null!;
    string connection = "";

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        connection = await TestDatabase.CreatePrepared("nodes");
        database = NpgsqlDataSource.Create(connection);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in started) await node.StopAsync(CancellationToken.None);
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_has_not_come_back_to_a_promoted_server_is_not_taken_for_dead()
    {
        var (judge, late) = (await Started(), await Started());
        await late.StopAsync(Cancellation);
        await HeldOnAnotherServer(late);

        Assert.Empty(await judge.Gone([late.Name], Cancellation));
    }

    [Fact]
    public async Task A_node_that_does_not_come_back_is_dead_after_a_while()
    {
        var later = new LaterClock();
        var (judge, dead, living) = (await Started(later), await Started(), await Started());
        await dead.StopAsync(Cancellation);
        foreach (var node in new[] { dead, living }) await HeldOnAnotherServer(node);

        later.Elapsed = TimeSpan.FromSeconds(5);

        Assert.Equal([dead.Name], await judge.Gone([dead.Name, living.Name], Cancellation));
    }

    [Fact]
    public async Task A_node_that_has_held_its_lock_on_this_server_and_holds_it_no_more_is_dead_at_once()
    {
        var (living, dead) = (await Started(), await Started());
        await dead.StopAsync(Cancellation);

        Assert.Equal([dead.Name], await (await Started()).Gone([living.Name, dead.Name], Cancellation));
    }

    [Fact]
    public async Task A_node_judges_no_other_on_a_server_that_does_not_know_its_own_lock()
    {
        await using var elsewhere = NpgsqlDataSource.Create(await TestDatabase.CreatePrepared("promoted"));
        var later = new LaterClock();
        var judge = await Started(later, elsewhere);
        later.Elapsed = TimeSpan.FromMinutes(1);

        Assert.Empty(await judge.Gone(["another"], Cancellation));
    }

    [Fact]
    public async Task A_node_that_takes_its_lock_again_says_on_which_server()
    {
        var node = await Started();
        await HeldOnAnotherServer(node);
        await Execute($"select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{node.Name}'");

        await App.Until("the lock again", async () => await Count($"name = '{node.Name}' and held_on = agents.server_started_at() and agents.lives(name)") == 1);
    }

    [Fact]
    public async Task A_node_forgets_the_dead_and_no_node_that_has_not_come_back()
    {
        var (node, late, dead) = (await Started(), await Started(), await Started());
        foreach (var stopped in new[] { late, dead }) await stopped.StopAsync(Cancellation);
        await HeldOnAnotherServer(late);

        await App.Until("the dead node's lock to be free", async () => await Count($"name = '{dead.Name}' and agents.lives(name)") == 0);

        await new NodeStore(database, null!).ForgetGone(node, Cancellation);

        Assert.Equal((1, 1, 0), (await Count($"name = '{node.Name}'"), await Count($"name = '{late.Name}'"), await Count($"name = '{dead.Name}'")));
    }

    /// <param name="judging">Through which it asks of others. Null for the database in which it has its lock.</param>
    async Task<Node> Started(DatabaseClock? clock = null, NpgsqlDataSource? judging = null)
    {
        var node = new Node(new(connection, null, ""), judging ?? database, clock ?? new DatabaseClock(), NullLogger<Node>.Instance);
        started.Add(node);
        await node.StartAsync(Cancellation);
        await node.Ready;
        await new NodeStore(database, null!).Register(node.Name, 1, Cancellation);
        return node;
    }

    /// <summary>As the row stands on a server that was a standby when the node took its lock.</summary>
    Task HeldOnAnotherServer(Node node) => Execute($"update agents.node set held_on = held_on - interval '1 hour' where name = '{node.Name}'");

    async Task<int> Count(string which)
    {
        await using var command = database.CreateCommand($"select count(*)::int from agents.node where {which}");
        return (int)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    async Task Execute(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    sealed class LaterClock : DatabaseClock
    {
        public TimeSpan Elapsed { get; set; }

        public override long GetTimestamp() => base.GetTimestamp() + (long)(Elapsed.TotalSeconds * TimestampFrequency);
    }
}
