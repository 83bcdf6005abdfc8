using System.Diagnostics;
using Agents.Host.Postgres;
using Npgsql;
using static Agents.Host.Tests.Postgres.ServerDirectory;

namespace Agents.Host.Tests.Postgres;

public sealed class EmbeddedServerTests
{
    const string WriteNote = "create table note (text text); insert into note values ('kept')";
    const string ReadNote = "select text from note";

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_start_makes_a_cluster_and_what_is_committed_is_there_after_the_next()
    {
        await using var directory = new ServerDirectory();
        Assert.Equal(EmbeddedServerState.NotCreated, (await directory.Status()).State);
        await using (var first = await directory.Start())
        {
            Assert.False(first.Joined);
            await Ask(first, WriteNote);
        }
        var stopped = await directory.Status();
        Assert.Equal(EmbeddedServerState.Stopped, stopped.State);
        Assert.True(stopped.SizeBytes > 1_000_000);

        await using var second = await directory.Start();

        Assert.False(second.Joined);
        Assert.Equal("kept", await Ask(second, ReadNote));
    }

    [Fact]
    public async Task After_kill_9_of_the_server_the_next_start_recovers_what_was_committed()
    {
        await using var directory = new ServerDirectory();
        await using var user = await directory.Start(Durable);
        await Ask(user, WriteNote);
        using (var server = Process.GetProcessById((await directory.Status()).ProcessId!.Value)) server.Kill();

        await using var next = await directory.Start(Durable);

        Assert.False(next.Joined);
        Assert.Equal("kept", await Ask(next, ReadNote));
        Assert.Equal("kept", await Ask(user, ReadNote));
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
    public async Task A_reset_deletes_the_data_and_the_next_start_begins_anew()
    {
        await using var directory = new ServerDirectory();
        await using (var first = await directory.Start()) await Ask(first, WriteNote);

        await EmbeddedServer.Reset(directory.Path, Ct);

        Assert.Equal(EmbeddedServerState.NotCreated, (await directory.Status()).State);
        Assert.False(await EmbeddedServer.Stop(directory.Path, Ct));
        await using var second = await directory.Start();
        Assert.Equal("", await Ask(second, "select to_regclass('note')::text"));
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

    [Fact]
    public async Task Unless_told_otherwise_it_is_durable_checked_and_closed()
    {
        await using var directory = new ServerDirectory();
        await using var server = await directory.Start(Durable);

        foreach (var name in new[] { "fsync", "synchronous_commit", "full_page_writes", "data_checksums", "log_lock_waits" })
            Assert.Equal("on", await Setting(server, name));
        Assert.Equal("UTF8", await Setting(server, "server_encoding"));
        Assert.Equal("500", await Setting(server, "deadlock_timeout"));
        Assert.Equal("160", await Setting(server, "max_connections"));
        Assert.NotEqual("off", await Setting(server, "wal_compression"));
        if (OperatingSystem.IsLinux()) Assert.Equal("1000", await Setting(server, "client_connection_check_interval"));
        if (!OperatingSystem.IsWindows()) Assert.Equal("", await Setting(server, "listen_addresses"));

        Assert.Equal("scram-sha-256", await Ask(server, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"));
        await using var wrong = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(Unpooled(server).ConnectionString) { Password = "wrong" }.ConnectionString);
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => wrong.OpenAsync(Ct));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    static Task<string> Setting(EmbeddedServer server, string name) => Ask(server, $"select setting from pg_settings where name = '{name}'");
}
