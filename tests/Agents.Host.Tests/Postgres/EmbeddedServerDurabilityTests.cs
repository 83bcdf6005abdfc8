using System.Diagnostics;
using Agents.Host.Postgres;
using Npgsql;
using static Agents.Host.Tests.Postgres.ServerDirectory;

namespace Agents.Host.Tests.Postgres;

public sealed class EmbeddedServerDurabilityTests(ServerDirectory directory) : IClassFixture<ServerDirectory>
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_kill_9_of_the_server_the_next_start_recovers_what_was_committed()
    {
        await using var user = await directory.Start(Durable);
        await Ask(user, "create table note (text text); insert into note values ('kept')");
        using (var server = Process.GetProcessById((await directory.Status()).ProcessId!.Value)) server.Kill();

        await using var next = await directory.Start(Durable);

        Assert.False(next.Joined);
        Assert.Equal("kept", await Ask(next, "select text from note"));
        Assert.Equal("kept", await Ask(user, "select text from note"));
    }

    [Fact]
    public async Task Unless_told_otherwise_it_is_durable_checked_and_closed()
    {
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
        var address = Unpooled(server);
        address.Password = "wrong";
        await using var wrong = new NpgsqlConnection(address.ConnectionString);
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => wrong.OpenAsync(Ct));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
    }

    static Task<string> Setting(EmbeddedServer server, string name) => Ask(server, $"select setting from pg_settings where name = '{name}'");
}
