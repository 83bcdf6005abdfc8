using Npgsql;

namespace Agents.Host.Postgres;

/// <summary>Starts, or joins, the PostgreSQL server that keeps its files in a directory of ours.</summary>
/// <remarks>
/// The server is a process of its own: it outlives a host that is killed, and the next host joins it. It ends with the last user who leaves.
/// A server that dies under its users is started again by the first of them that notices, see <see cref="ServerWatch"/>.
/// All processes on a directory must be of the same account.
/// </remarks>
public sealed class EmbeddedServer : IAsyncDisposable
{
    readonly ServerFiles _files;
    readonly ServerCluster _cluster;
    readonly ServerRevival _revival;
    readonly ServerLock _user;
    int _left;

    EmbeddedServer(ServerFiles files, ServerCluster cluster, ServerRevival revival, ServerLock user) =>
        (_files, _cluster, _revival, _user) = (files, cluster, revival, user);

    /// <summary>Where it keeps its files.</summary>
    public string Directory => _files.Directory;

    /// <summary>To our database, which exists. Holds the password: not for logs.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The bin directory the server was started from. A downloaded one has no psql.</summary>
    public required string Programs { get; init; }

    /// <summary>It was already running.</summary>
    public required bool Joined { get; init; }

    /// <summary>Makes the cluster if there is none, starts its server if it is not running, and counts us among its users.</summary>
    /// <exception cref="EmbeddedServerException">With what a person can do about it.</exception>
    public static async Task<EmbeddedServer> Start(string directory, EmbeddedServerOptions? options, CancellationToken ct)
    {
        var files = new ServerFiles(directory);
        var account = ServerAccount.Find();
        files.Prepare(account);
        using var control = await ServerLock.Control(files, ct);
        var user = await ServerLock.User(files, ct);
        EmbeddedServer? started = null;
        try
        {
            return started = await StartOrJoin(files, account, user, options ?? new EmbeddedServerOptions(), ct);
        }
        finally
        {
            if (started is null) user.Dispose();
        }
    }

    /// <summary>How things stand. Starts, makes and waits for nothing.</summary>
    public static async Task<EmbeddedServerStatus> Status(string directory, CancellationToken ct)
    {
        var files = new ServerFiles(directory);
        var programs = await ServerPrograms.Installed(null, ct);
        if (files.Major() is not { } major) return new(EmbeddedServerState.NotCreated, files.Directory, null, null, 0, programs);

        var size = files.ClusterBytes();
        if (Postmaster.Read(files) is not { } postmaster || postmaster.IsGone())
            return new(EmbeddedServerState.Stopped, files.Directory, null, $"{major}", size, programs);

        var answer = await RunningServer.Ask(postmaster, files, files.Password(), ct);
        return new(EmbeddedServerState.Running, files.Directory, postmaster.ProcessId, answer?.Version ?? $"{major}", size, programs);
    }

    /// <summary>Stops the server when no process uses it, such as one that was left by a host that was killed.</summary>
    /// <returns>False when it was not running.</returns>
    /// <exception cref="EmbeddedServerException">A process uses it, or it did not stop in time.</exception>
    public static async Task<bool> Stop(string directory, CancellationToken ct)
    {
        var files = new ServerFiles(directory);
        if (files.Major() is null) return false;

        using var control = await ServerLock.Control(files, ct);
        using var unused = await ServerLock.NoUsers(files, ct) ?? throw EmbeddedServerException.InUse(files.Directory);
        return await StopRunning(files, ct);
    }

    /// <summary>Stops the server and deletes its data for good. Downloaded programs stay.</summary>
    /// <exception cref="EmbeddedServerException">A process uses it; nothing was deleted.</exception>
    public static async Task Reset(string directory, CancellationToken ct)
    {
        var files = new ServerFiles(directory);
        if (!System.IO.Directory.Exists(files.Home)) return;

        using var control = await ServerLock.Control(files, ct);
        using var unused = await ServerLock.NoUsers(files, ct) ?? throw EmbeddedServerException.InUse(files.Directory);
        await StopRunning(files, ct);
        files.Discard();
        ServerAddress.Remove(files);
    }

    /// <summary>What has become of it. Starts and waits for nothing.</summary>
    public ServerFate Fate() => _revival.Fate();

    /// <summary>Starts it again if it has died. Its data, address and settings are those it had.</summary>
    /// <returns>Null when there was nothing to do: it runs, was stopped in good order, has no data, or we have left.</returns>
    /// <exception cref="EmbeddedServerException">It does not start.</exception>
    public async Task<RevivedServer?> Revive(CancellationToken ct)
    {
        using var control = await ServerLock.Control(_files, ct);
        return Volatile.Read(ref _left) == 1 ? null : await _revival.Revive(ct);
    }

    /// <summary>AGENTS_DATA, else <c>agents</c> in the user's local application data; for root <c>/var/lib/agents</c>.</summary>
    public static string DefaultDirectory()
    {
        if (Environment.GetEnvironmentVariable("AGENTS_DATA") is { Length: > 0 } chosen) return Path.GetFullPath(chosen);
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess) return "/var/lib/agents"; // its home is closed to others

        var local = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(local.Length > 0 ? local : Path.GetTempPath(), "agents");
    }

    /// <summary>Leaves. The last one out stops the server; one that does not stop in time is left for the next to join.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _left, 1) == 1) return;

        await using (var pooled = new NpgsqlConnection(ConnectionString)) NpgsqlConnection.ClearPool(pooled);
        try
        {
            using var control = await ServerLock.Control(_files, CancellationToken.None);
            _user.Dispose();
            using var unused = await ServerLock.NoUsers(_files, CancellationToken.None);
            if (unused is not null) await _cluster.Stop(CancellationToken.None);
        }
        catch (EmbeddedServerException)
        {
            _user.Dispose();
        }
    }

    static async Task<EmbeddedServer> StartOrJoin(
        ServerFiles files, ServerAccount account, ServerLock user, EmbeddedServerOptions options, CancellationToken ct)
    {
        var password = files.Password();
        var running = await RunningServer.Find(files, password, ct);
        var programs = running is null ? await ServerPrograms.For(files, options, ct) : await ServerPrograms.OfRunning(files, ct);
        var cluster = new ServerCluster(files, account, programs);
        var server = running ?? await StartNew(files, account, cluster, password, options.Durable, ct);
        await server.EnsureDatabase(password, ct);
        return new EmbeddedServer(files, cluster, new ServerRevival(files, account, server.Address, password), user)
        {
            ConnectionString = server.Address.ConnectionString(password, ServerCluster.User),
            Programs = programs.Directory,
            Joined = running is not null,
        };
    }

    static async Task<RunningServer> StartNew(
        ServerFiles files, ServerAccount account, ServerCluster cluster, string password, bool durable, CancellationToken ct)
    {
        await cluster.MustBeReachable(ct);
        if (files.Major() is null) await cluster.Create(password, durable, ct);
        await cluster.WriteSettings(await ServerAddress.Prepare(files, account, ct), durable, ct);
        await cluster.Start(ct);
        return await RunningServer.Find(files, password, ct)
            ?? throw EmbeddedServerException.NotStarted(files.Directory, "It ended right after its start.", cluster.LogEnd());
    }

    static async Task<bool> StopRunning(ServerFiles files, CancellationToken ct)
    {
        if (Postmaster.Read(files) is not { } postmaster || postmaster.IsGone()) return false;

        await new ServerCluster(files, ServerAccount.Find(), await ServerPrograms.OfRunning(files, ct)).Stop(ct);
        return true;
    }
}
