using System.Diagnostics;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Tests.Postgres;

public sealed class EmbeddedServerTests : IAsyncLifetime
{
    static readonly EmbeddedServerOptions Quick = new() { Durable = false, MayDownload = false };

    static readonly EmbeddedServerOptions Durable = new() { MayDownload = false };

    readonly string _directory = Path.Combine(Path.GetTempPath(), $"agents-pg-test-{Guid.NewGuid():N}");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await EmbeddedServer.Reset(_directory, Ct);
        if (Directory.Exists(_directory)) Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task The_first_start_makes_a_cluster_and_what_is_committed_is_there_after_the_next()
    {
        Assert.Equal(EmbeddedServerState.NotCreated, (await Status()).State);
        await using (var first = await Start())
        {
            Assert.False(first.Joined);
            await Execute(first, "create table note (text text); insert into note values ('kept')");
        }
        var stopped = await Status();
        Assert.Equal(EmbeddedServerState.Stopped, stopped.State);
        Assert.True(stopped.SizeBytes > 1_000_000);

        await using var second = await Start();

        Assert.False(second.Joined);
        Assert.Equal("kept", await Ask(second, "select text from note"));
    }

    [Fact]
    public async Task Two_users_share_one_server_and_the_last_one_stops_it()
    {
        var first = await Start();
        var second = await Start();
        Assert.True(second.Joined);
        Assert.Equal(first.ConnectionString, second.ConnectionString);
        Assert.Equal(first.Programs, second.Programs);

        await first.DisposeAsync();
        Assert.Equal("1", await Ask(second, "select '1'"));
        await second.DisposeAsync();
        await second.DisposeAsync();

        Assert.Equal(EmbeddedServerState.Stopped, (await Status()).State);
    }

    [Fact]
    public async Task Users_who_start_at_the_same_moment_get_the_same_server()
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(Start)));

        Assert.Single(servers, server => !server.Joined);
        Assert.Single(servers.Select(server => server.ConnectionString).Distinct());

        await Task.WhenAll(servers.Select(server => server.DisposeAsync().AsTask()));
        Assert.Equal(EmbeddedServerState.Stopped, (await Status()).State);
    }

    [Fact]
    public async Task A_server_in_use_is_neither_stopped_nor_deleted_by_others()
    {
        await using var server = await Start();

        var stop = await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Stop(_directory, Ct));
        await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Reset(_directory, Ct));

        Assert.Contains(_directory, stop.Message, StringComparison.Ordinal);
        Assert.Equal("1", await Ask(server, "select '1'"));
        var status = await Status();
        Assert.Equal(EmbeddedServerState.Running, status.State);
        Assert.Equal(await Ask(server, "select setting from pg_settings where name = 'server_version'"), status.Version);
    }

    [Fact]
    public async Task After_kill_9_of_the_server_the_next_start_recovers_what_was_committed()
    {
        await using var user = await EmbeddedServer.Start(_directory, Durable, Ct);
        await Execute(user, "create table note (text text); insert into note values ('kept')");
        await KillServer();
        Assert.Equal(EmbeddedServerState.Stopped, (await Status()).State);

        await using var next = await Start();

        Assert.False(next.Joined);
        Assert.Equal("kept", await Ask(next, "select text from note"));
        Assert.Equal("kept", await Ask(user, "select text from note"));
    }

    [Fact]
    public async Task A_crash_in_the_middle_of_making_the_cluster_is_made_good_by_the_next_start()
    {
        var staging = Directory.CreateDirectory(Path.Combine(_directory, "postgres", "data.new")).FullName;
        await File.WriteAllTextAsync(Path.Combine(staging, "PG_VERSION"), "half", Ct);

        await using var server = await Start();

        Assert.Equal("1", await Ask(server, "select '1'"));
        Assert.False(Directory.Exists(staging));
    }

    [Fact]
    public async Task Reset_deletes_the_data_and_the_next_start_begins_anew()
    {
        await using (var first = await Start()) await Execute(first, "create table note (text text)");

        await EmbeddedServer.Reset(_directory, Ct);

        Assert.Equal(EmbeddedServerState.NotCreated, (await Status()).State);
        Assert.False(await EmbeddedServer.Stop(_directory, Ct));
        await using var second = await Start();
        Assert.Equal("", await Ask(second, "select coalesce(to_regclass('note')::text, '')"));
    }

    [Fact]
    public async Task A_directory_too_long_for_a_socket_works_all_the_same()
    {
        var deep = Path.Combine(_directory, new string('d', 60), "with a blank, a 'quote' and ünicode", new string('e', 60));
        await using var server = await EmbeddedServer.Start(deep, Quick, Ct);

        Assert.Equal("1", await Ask(server, "select '1'"));

        await server.DisposeAsync();
        await EmbeddedServer.Reset(deep, Ct);
    }

    [Fact]
    public async Task Unless_told_otherwise_it_is_durable_checked_and_closed_to_the_network()
    {
        await using var server = await EmbeddedServer.Start(_directory, Durable, Ct);

        Assert.Equal("on", await Setting(server, "fsync"));
        Assert.Equal("on", await Setting(server, "synchronous_commit"));
        Assert.Equal("on", await Setting(server, "full_page_writes"));
        Assert.Equal("on", await Setting(server, "data_checksums"));
        Assert.Equal("UTF8", await Setting(server, "server_encoding"));
        Assert.Equal("500", await Setting(server, "deadlock_timeout"));
        Assert.NotEqual("off", await Setting(server, "wal_compression"));
        Assert.Equal("160", await Setting(server, "max_connections"));
        Assert.Equal("", await Ask(server, "select coalesce(string_agg(distinct auth_method, ','), '') from pg_hba_file_rules where auth_method <> 'scram-sha-256'"));
        Assert.StartsWith("SCRAM-SHA-256", await Ask(server, "select rolpassword from pg_authid where rolname = 'agents'"), StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal("", await Setting(server, "listen_addresses"));
        if (OperatingSystem.IsLinux()) Assert.Equal("1000", await Setting(server, "client_connection_check_interval"));
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        await using var server = await Start();
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong", Pooling = false };

        await using var connection = new NpgsqlConnection(wrong.ConnectionString);

        Assert.Equal(PostgresErrorCodes.InvalidPassword, (await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(Ct))).SqlState);
    }

    [Fact]
    public async Task Data_of_another_major_version_is_refused_with_both_versions_and_the_directory()
    {
        var home = Directory.CreateDirectory(Path.Combine(_directory, "postgres", "data")).Parent!.FullName;
        await File.WriteAllTextAsync(Path.Combine(home, "data", "PG_VERSION"), "13\n", Ct);
        await File.WriteAllTextAsync(Path.Combine(home, "password"), "of old", Ct);

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(Start);

        Assert.Contains("PostgreSQL 13", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"PostgreSQL {(await Status()).Programs[0].Major}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(_directory, refusal.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(home, "data", "PG_VERSION")));
    }

    [Fact]
    public async Task Without_server_programs_the_message_says_how_to_get_a_server()
    {
        var empty = Directory.CreateDirectory(Path.Combine(_directory, "empty")).FullName;

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Start(_directory, Quick with { Programs = empty }, Ct));

        Assert.Contains("docker compose -f docker-compose.postgres.yml up -d", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ConnectionStrings__agents", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install postgresql", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("brew install postgresql", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(empty, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_is_named_in_the_message()
    {
        Directory.CreateDirectory(_directory);
        var file = Path.Combine(_directory, "file");
        await File.WriteAllTextAsync(file, "", Ct);

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(() => EmbeddedServer.Start(Path.Combine(file, "below"), Quick, Ct));

        Assert.Contains(Path.Combine(file, "below"), refusal.Message, StringComparison.Ordinal);
        Assert.Contains("AGENTS_DATA", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_password_is_named_rather_than_waited_for()
    {
        await using (await Start()) { }
        File.Delete(Path.Combine(_directory, "postgres", "password"));

        var refusal = await Assert.ThrowsAsync<EmbeddedServerException>(Start);

        Assert.Contains(Path.Combine(_directory, "postgres", "password"), refusal.Message, StringComparison.Ordinal);
    }

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    Task<EmbeddedServer> Start() => EmbeddedServer.Start(_directory, Quick, Ct);

    Task<EmbeddedServerStatus> Status() => EmbeddedServer.Status(_directory, Ct);

    async Task KillServer()
    {
        using var server = Process.GetProcessById((await Status()).ProcessId!.Value);
        server.Kill();
        while ((await Status()).State == EmbeddedServerState.Running) await Task.Delay(10, Ct);
    }

    static Task<string> Setting(EmbeddedServer server, string name) => Ask(server, $"select setting from pg_settings where name = '{name}'");

    static async Task<string> Ask(EmbeddedServer server, string sql)
    {
        await using var connection = new NpgsqlConnection(Unpooled(server));
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        return (string)(await command.ExecuteScalarAsync(Ct))!;
    }

    static async Task Execute(EmbeddedServer server, string sql)
    {
        await using var connection = new NpgsqlConnection(Unpooled(server));
        await connection.OpenAsync(Ct);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    static string Unpooled(EmbeddedServer server) => new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false }.ConnectionString;
}
