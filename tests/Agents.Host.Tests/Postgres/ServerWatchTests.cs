using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Host.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;
using static Agents.Host.Tests.Postgres.ServerDirectory;

namespace Agents.Host.Tests.Postgres;

/// <summary>What a running server does when its own PostgreSQL ends under it.</summary>
public sealed class ServerWatchTests
{
    static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_was_killed_is_started_again_where_it_was_with_its_data_and_settings()
    {
        await using var directory = await ServerDirectory.WithCluster();
        await using var server = await directory.Start(Quick);
        await Ask(server, "set synchronous_commit = on; create table note (text text); insert into note values ('kept')");
        using var watch = new Watching(server);
        var died = await Kill(directory);

        var said = await watch.Says("was started again as process");

        Assert.Contains(directory.Path, said, StringComparison.Ordinal);
        Assert.NotEqual(died, (await directory.Status()).ProcessId);
        Assert.Equal("kept", await Ask(server, "select text from note"));
        Assert.Equal("off", await Ask(server, "show fsync"));
    }

    [Fact]
    public async Task Of_several_users_who_see_it_die_one_starts_it_again()
    {
        await using var directory = await ServerDirectory.WithCluster();
        var users = new List<EmbeddedServer>();
        for (var user = 0; user < 4; user++) users.Add(await directory.Start());
        await Kill(directory);

        var revived = await Task.WhenAll(users.Select(user => Task.Run(() => user.Revive(Ct), Ct)));

        Assert.Equal((await directory.Status()).ProcessId, Assert.Single(revived, server => server is not null)!.ProcessId);
        foreach (var user in users) Assert.Equal("1", await Ask(user, "select '1'"));
        foreach (var user in users) await user.DisposeAsync();
        Assert.Equal(EmbeddedServerState.Stopped, (await directory.Status()).State);
    }

    [Fact]
    public async Task A_query_that_does_not_notice_the_death_of_its_server_does_not_hold_up_the_next()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The processes left by a dead server are known on Linux only.");
        await using var directory = await ServerDirectory.WithCluster();
        await using var server = await directory.Start();
        await using var busy = new NpgsqlConnection(Unpooled(server).ConnectionString);
        await busy.OpenAsync(Ct);
        await using var query = new NpgsqlCommand("select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b", busy) { CommandTimeout = 120 };
        var answer = query.ExecuteScalarAsync(Ct);
        while (await Ask(server, $"select state from pg_stat_activity where pid = {busy.ProcessID}") != "active") await Task.Delay(10, Ct);
        await Kill(directory);
        var took = Stopwatch.StartNew();

        var revived = await server.Revive(Ct);

        Assert.NotNull(revived);
        Assert.True(took.Elapsed < Within, $"It took {took.Elapsed}.");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => answer);
    }

    [Fact]
    public async Task A_server_that_was_stopped_in_good_order_stays_stopped_and_the_log_says_so_once()
    {
        await using var directory = await ServerDirectory.WithCluster();
        await using var server = await directory.Start();
        using var watch = new Watching(server);
        await Run(Path.Combine(server.Programs, "pg_ctl"), directory);

        await watch.Says("was stopped in good order");
        await Task.Delay(ServerWatch.Every * 3, Ct);

        Assert.Equal(ServerFate.WasStopped, server.Fate());
        Assert.Null(await server.Revive(Ct));
        Assert.Equal(EmbeddedServerState.Stopped, (await directory.Status()).State);
        Assert.Single(watch.Lines);
    }

    [Fact]
    public async Task A_user_who_has_left_starts_nothing_again()
    {
        await using var directory = await ServerDirectory.WithCluster();
        var left = await directory.Start();
        await using var other = await directory.Start();
        await left.DisposeAsync();
        await Kill(directory);

        Assert.Null(await left.Revive(Ct));

        Assert.Equal(EmbeddedServerState.Stopped, (await directory.Status()).State);
    }

    [Fact]
    public async Task Data_that_is_gone_is_not_made_anew_under_a_running_server()
    {
        await using var directory = await ServerDirectory.WithCluster();
        await using var server = await directory.Start();
        await Kill(directory);
        Directory.Move(Path.Combine(directory.Home, "data"), Path.Combine(directory.Home, "elsewhere"));
        using var watch = new Watching(server);

        await watch.Says("has lost its data directory");

        Assert.Null(await server.Revive(Ct));
        Assert.Equal(EmbeddedServerState.NotCreated, (await directory.Status()).State);
    }

    [Fact]
    public async Task A_server_that_cannot_be_started_again_is_tried_anew_until_it_can()
    {
        await using var directory = await ServerDirectory.WithCluster();
        await using var server = await directory.Start();
        var settings = Path.Combine(directory.Home, "server.conf");
        var good = await File.ReadAllTextAsync(settings, Ct);
        await File.AppendAllTextAsync(settings, "no_such_setting = on\n", Ct);
        using var watch = new Watching(server);
        await Kill(directory);

        Assert.Contains("no_such_setting", await watch.Says("cannot be started"), StringComparison.Ordinal);
        await File.WriteAllTextAsync(settings, good, Ct);

        await watch.Says("was started again as process");
        Assert.Equal("1", await Ask(server, "select '1'"));
    }

    /// <returns>The process that was killed; it is gone.</returns>
    static async Task<int> Kill(ServerDirectory directory)
    {
        var process = (await directory.Status()).ProcessId!.Value;
        using (var server = Process.GetProcessById(process)) server.Kill();
        while ((await directory.Status()).State is EmbeddedServerState.Running) await Task.Delay(10, Ct);
        return process;
    }

    /// <summary>As an operator would: as the account of the server, since PostgreSQL's programs refuse root.</summary>
    static async Task Run(string stop, ServerDirectory directory)
    {
        var start = new ProcessStartInfo(stop, ["-D", Path.Combine(directory.Home, "data"), "-w", "-m", "fast", "stop"]) { WorkingDirectory = "/" };
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess) start.UserName = "postgres";
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(Ct);
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>A watch, and what it logs.</summary>
    sealed class Watching : ILogger<ServerWatch>, IDisposable
    {
        static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        readonly ServerWatch watch;

        public Watching(EmbeddedServer server)
        {
            watch = new(server, this);
            _ = watch.StartAsync(Ct);
        }

        public ConcurrentQueue<string> Lines { get; } = new();

        public async Task<string> Says(string words)
        {
            var waited = Stopwatch.StartNew();
            while (true)
            {
                if (Lines.FirstOrDefault(line => line.Contains(words, StringComparison.Ordinal)) is { } line) return line;
                Assert.True(waited.Elapsed < Patience, $"It said only:\n{string.Join('\n', Lines)}");
                await Task.Delay(20, Ct);
            }
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue(formatter(state, exception));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Dispose()
        {
            watch.StopAsync(CancellationToken.None).Wait();
            watch.Dispose();
        }
    }
}
