using Agents.Host.Engine.Queue;
using Agents.Host.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Agents.Host.Tests.Queues;

/// <summary>How a node tells which others have died. The server of the tests has run for long, as a standby has when it is promoted.</summary>
public sealed class NodeTests : IAsyncLifetime
{
    readonly List<Node> started = [];
    string connection = "";

    public async ValueTask InitializeAsync() => connection = await TestDatabase.CreatePrepared("nodes");

    public async ValueTask DisposeAsync()
    {
        foreach (var node in started) await node.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_node_that_takes_its_lock_again_after_another_has_looked_is_not_taken_for_dead()
    {
        await using var database = NpgsqlDataSource.Create(connection);
        var (first, late) = (NodeOn(database), NodeOn(database));
        await Start(first);

        var judged = first.Gone([late.Name], TestContext.Current.CancellationToken);
        await Task.WhenAny(judged, Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken)); // it is slower to come back
        await Start(late);

        Assert.Empty(await judged);
    }

    [Fact]
    public async Task A_node_that_has_held_its_lock_for_a_while_knows_who_is_dead()
    {
        await using var database = NpgsqlDataSource.Create(connection);
        var (judge, living, dying) = (NodeOn(database), NodeOn(database), NodeOn(database));
        foreach (var node in new[] { judge, living, dying }) await Start(node);
        await dying.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal([dying.Name], await judge.Gone([living.Name, dying.Name, judge.Name], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_node_judges_no_other_on_a_server_that_does_not_know_its_own_lock()
    {
        await using var elsewhere = NpgsqlDataSource.Create(await TestDatabase.CreatePrepared("promoted"));
        var judge = NodeOn(elsewhere);
        await Start(judge);

        Assert.Empty(await judge.Gone(["another"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_node_that_starts_forgets_the_dead_and_no_node_that_takes_its_lock_again()
    {
        await using var database = NpgsqlDataSource.Create(connection);
        var nodes = new NodeStore(database, null!);
        var (starting, late) = (NodeOn(database), NodeOn(database));
        await Start(starting);
        foreach (var name in new[] { starting.Name, late.Name, "dead" }) await nodes.Register(name, 1, TestContext.Current.CancellationToken);

        var forgetting = nodes.ForgetGone(starting, TestContext.Current.CancellationToken);
        await Task.WhenAny(forgetting, Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken));
        await Start(late);
        await forgetting;

        Assert.Equal([starting.Name, late.Name], (await nodes.List(TestContext.Current.CancellationToken)).Select(node => node.Name));
        await using var count = database.CreateCommand("select count(*) from agents.node");
        Assert.Equal(2L, await count.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    async Task Start(Node node)
    {
        started.Add(node);
        await node.StartAsync(TestContext.Current.CancellationToken);
        await node.Ready;
    }

    /// <param name="judging">Through which it asks of others.</param>
    Node NodeOn(NpgsqlDataSource judging) => new(new(connection, null, ""), judging, new DatabaseClock(), NullLogger<Node>.Instance);
}
