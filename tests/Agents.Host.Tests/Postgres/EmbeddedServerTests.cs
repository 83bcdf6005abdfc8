using Agents.Host.Postgres;
using static Agents.Host.Tests.Postgres.ServerDirectory;

namespace Agents.Host.Tests.Postgres;

public sealed class EmbeddedServerTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_start_makes_a_cluster_and_what_is_committed_is_there_after_the_next()
    {
        await using var directory = new ServerDirectory();
        Assert.Equal(EmbeddedServerState.NotCreated, (await directory.Status()).State);
        await using (var first = await directory.Start())
        {
            Assert.False(first.Joined);
            await Ask(first, "create table note (text text); insert into note values ('kept')");
        }
        var stopped = await directory.Status();
        Assert.Equal(EmbeddedServerState.Stopped, stopped.State);
        Assert.True(stopped.SizeBytes > 1_000_000);

        await using var second = await directory.Start();

        Assert.False(second.Joined);
        Assert.Equal("kept", await Ask(second, "select text from note"));
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_making_the_cluster_is_made_good_by_the_next_start()
    {
        await using var directory = new ServerDirectory();
        var staging = Directory.CreateDirectory(Path.Combine(directory.Home, "data.new")).FullName;
        await File.WriteAllTextAsync(Path.Combine(staging, "PG_VERSION"), "half", Ct);

        await using var server = await directory.Start();

        Assert.Equal("1", await Ask(server, "select '1'"));
        Assert.False(Directory.Exists(staging));
    }

    [Fact]
    public async Task A_reset_deletes_the_data_and_leaves_nothing_to_stop()
    {
        await using var directory = new ServerDirectory();
        await using (await directory.Start()) { }

        await EmbeddedServer.Reset(directory.Path, Ct);

        Assert.Equal(EmbeddedServerState.NotCreated, (await directory.Status()).State);
        Assert.False(await EmbeddedServer.Stop(directory.Path, Ct));
        Assert.False(Directory.Exists(Path.Combine(directory.Home, "data")));
    }

    [Fact]
    public async Task A_directory_whose_path_is_too_long_for_a_socket_works_all_the_same()
    {
        await using var directory = new ServerDirectory();
        var deep = Path.Combine(directory.Path, new string('d', 60), "with a blank, a 'quote' and ünicode", new string('e', 60));
        await using var server = await EmbeddedServer.Start(deep, Quick, Ct);

        Assert.Equal("1", await Ask(server, "select '1'"));

        await server.DisposeAsync();
        await EmbeddedServer.Reset(deep, Ct);
    }
}
