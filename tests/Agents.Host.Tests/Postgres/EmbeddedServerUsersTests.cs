using Agents.Host.Postgres;
using static Agents.Host.Tests.Postgres.ServerDirectory;

namespace Agents.Host.Tests.Postgres;

/// <summary>Users are told apart by locks on a file, which count alike within one process and between several.</summary>
public sealed class EmbeddedServerUsersTests(ServerDirectory directory) : IClassFixture<ServerDirectory>
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_users_share_one_server_and_the_last_one_stops_it()
    {
        await using var first = await directory.Start();
        await using var second = await directory.Start();
        Assert.True(second.Joined);
        Assert.Equal(first.ConnectionString, second.ConnectionString);
        Assert.Equal(first.Programs, second.Programs);

        await first.DisposeAsync();
        Assert.Equal("1", await Ask(second, "select '1'"));
        await second.DisposeAsync();

        Assert.Equal(EmbeddedServerState.Stopped, (await directory.Status()).State);
    }

    [Fact]
    public async Task Users_who_start_at_the_same_moment_get_the_same_server()
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => directory.Start(), Ct)));

        Assert.Single(servers, server => !server.Joined);
        Assert.Single(servers.Select(server => server.ConnectionString).Distinct());
        await Task.WhenAll(servers.Select(server => server.DisposeAsync().AsTask()));
        Assert.Equal(EmbeddedServerState.Stopped, (await directory.Status()).State);
    }

    [Fact]
    public async Task A_server_in_use_is_neither_stopped_nor_deleted_by_others()
    {
        await using var server = await directory.Start();

        var stop = await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Stop(directory.Path, Ct));
        var reset = await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Reset(directory.Path, Ct));

        Assert.Contains($"{directory.Path} is in use", stop.Message, StringComparison.Ordinal);
        Assert.Equal(stop.Message, reset.Message);
        Assert.Equal("1", await Ask(server, "select '1'"));
        var status = await directory.Status();
        Assert.Equal(EmbeddedServerState.Running, status.State);
        Assert.Equal(status.Programs[0].Version, status.Version);
    }
}
