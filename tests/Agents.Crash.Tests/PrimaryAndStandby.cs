using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Crash.Tests;

/// <summary>
/// Two PostgreSQL servers, a primary and its synchronous standby. When the primary is killed the standby takes its place, and it the standby's.
/// </summary>
sealed class PrimaryAndStandby : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly string directory;
    readonly string programs;
    readonly Member[] members;
    int primary;

    PrimaryAndStandby(string directory, string programs)
    {
        (this.directory, this.programs) = (directory, programs);
        members = [.. new[] { "a", "b" }.Select(name => new Member(Path.Combine(directory, name), FreePort()))];
    }

    /// <summary>As a person would write it down: both hosts, and nothing about how often they are looked at.</summary>
    public string ConnectionString =>
        $"Host={string.Join(',', members.Select(member => $"127.0.0.1:{member.Port}"))};Username=agents;Database=agents;Target Session Attributes=primary";

    public IEnumerable<string> Logs => members.Select(member => member.Log).Where(File.Exists);

    public static async Task<PrimaryAndStandby> Start(string directory)
    {
        var installed = (await EmbeddedServer.Status(directory, CancellationToken.None)).Programs;
        var pair = new PrimaryAndStandby(directory, installed[0].Directory);
        Directory.CreateDirectory(directory);
        if (IsRoot) await Run("chown", asRoot: true, Account, directory);
        var first = pair.members[0];
        await pair.Run("initdb", "-D", first.Data, "-U", "agents", "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust");
        await File.AppendAllTextAsync(Path.Combine(first.Data, "postgresql.conf"), "\ninclude 'rig.conf'\n");
        await first.Configure(standbys: "");
        await pair.Launch(first);
        await first.Ask("create database agents", database: "postgres");
        await pair.AddStandby();
        return pair;
    }

    /// <summary>kill -9 of every process of the primary, as when its machine is gone.</summary>
    public async Task KillPrimary()
    {
        var main = int.Parse((await File.ReadAllLinesAsync(Path.Combine(members[primary].Data, "postmaster.pid")))[0], CultureInfo.InvariantCulture);
        foreach (var process in (int[])[main, .. ChildrenOf(main)]) Kill(process);
    }

    /// <summary>The standby becomes the primary. Back when it takes writes.</summary>
    public async Task Promote()
    {
        primary = 1 - primary;
        await Run("pg_ctl", "-D", members[primary].Data, "-w", "promote");
    }

    /// <summary>Makes the other server a standby of the primary from a fresh copy. Back when each commit waits for it.</summary>
    public async Task AddStandby()
    {
        var (from, standby) = (members[primary], members[1 - primary]);
        if (Directory.Exists(standby.Data)) Directory.Delete(standby.Data, recursive: true);
        await Run("pg_basebackup", "-D", standby.Data, "-h", "127.0.0.1", "-p", $"{from.Port}", "-U", "agents", "-R", "-X", "stream", "-c", "fast");
        await standby.Configure(standbys: "");
        await Launch(standby);
        await from.Configure(standbys: "*");
        await Run("pg_ctl", "-D", from.Data, "reload");
        var waited = Stopwatch.StartNew();
        while (await from.Ask("select sync_state from pg_stat_replication", "postgres") is not "sync")
        {
            if (waited.Elapsed > Patience) throw new TimeoutException("The standby does not follow.");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in members)
        {
            try
            {
                await Run("pg_ctl", "-D", member.Data, "-w", "-m", "immediate", "stop");
            }
            catch (InvalidOperationException)
            {
                // It was killed, and the play ended before there was a standby again.
            }
        }

        Directory.Delete(directory, recursive: true);
    }

    /// <summary>A process that is gone by itself, when its server was, is as good.</summary>
    static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // gone
        }
    }

    Task Launch(Member member) => Run("pg_ctl", "-D", member.Data, "-w", "-l", member.Log, "start");

    Task Run(string program, params string[] arguments) => Run(Path.Combine(programs, program), asRoot: false, arguments);

    /// <summary>PostgreSQL refuses to run as root. What a program says goes nowhere: a server that it starts would keep a pipe open.</summary>
    static async Task Run(string program, bool asRoot, params string[] arguments)
    {
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$0\" \"$@\" > /dev/null 2>&1", program, .. arguments])
        {
            WorkingDirectory = "/",
            Environment = { ["LC_ALL"] = "C" },
        };
        if (IsRoot && !asRoot) start.UserName = Account;
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed with {process.ExitCode}.");
    }

    /// <summary>By the parent that <c>/proc</c> gives: 123 (postgres) S 1 …</summary>
    static IEnumerable<int> ChildrenOf(int parent)
    {
        foreach (var process in Process.GetProcessesByName("postgres"))
        {
            using (process)
            {
                if (ParentOf(process.Id) == $"{parent}") yield return process.Id;
            }
        }
    }

    static string? ParentOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(' ')[3];
        }
        catch (IOException)
        {
            return null; // it has ended
        }
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    const string Account = "postgres";

    static bool IsRoot => Environment.IsPrivilegedProcess;

    sealed record Member(string Data, int Port)
    {
        public string Log => Data + ".log";

        /// <param name="standbys">For whom each commit waits; no server for the empty text.</param>
        public async Task Configure(string standbys)
        {
            var file = Path.Combine(Data, "rig.conf");
            await File.WriteAllTextAsync(
                file,
                $"""
                port = {Port}
                listen_addresses = '127.0.0.1'
                unix_socket_directories = ''
                max_connections = 200
                synchronous_standby_names = '{standbys}'
                log_lock_waits = on
                deadlock_timeout = 500ms

                """);
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        public async Task<string?> Ask(string sql, string database)
        {
            await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={Port};Username=agents;Database={database};Pooling=false");
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync() as string;
        }
    }
}
