using System.Diagnostics;

namespace Agents.Host.Postgres;

/// <summary>What a process that uses the embedded server finds in its directory.</summary>
public enum ServerFate
{
    /// <summary>Its process lives; it answers, or is starting or stopping.</summary>
    Runs,

    /// <summary>Its process ended without shutting the cluster down, such as by <c>kill -9</c>.</summary>
    Died,

    /// <summary>An operator stopped it in good order, past Agents, such as by <c>pg_ctl stop</c>.</summary>
    WasStopped,

    /// <summary>Its data is gone.</summary>
    HasNoData,
}

/// <summary>A server that had died, and runs again.</summary>
/// <param name="ProcessId">Of the new one.</param>
/// <param name="Took">From taking the control lock to its first answer.</param>
public sealed record RevivedServer(int ProcessId, TimeSpan Took);

/// <summary>Starts a server again that died while it was in use, at the address it had and with the settings it had.</summary>
sealed class ServerRevival(ServerFiles files, ServerAccount account, ServerAddress address, string password)
{
    /// <summary>Costs two small files; asks no server.</summary>
    public ServerFate Fate()
    {
        if (files.Major() is null) return ServerFate.HasNoData;
        if (Postmaster.Read(files) is { } postmaster) return postmaster.IsGone() ? ServerFate.Died : ServerFate.Runs;
        return files.WasShutDown() ? ServerFate.WasStopped : ServerFate.Died;
    }

    /// <summary>Call it with the control lock held: then of several processes that saw it die only the first starts it.</summary>
    /// <returns>Null when it has not died, or runs again already.</returns>
    /// <exception cref="EmbeddedServerException">It does not start.</exception>
    public async Task<RevivedServer?> Revive(CancellationToken ct)
    {
        if (Fate() is not ServerFate.Died) return null;

        var took = Stopwatch.StartNew();
        var cluster = new ServerCluster(files, account, await ServerPrograms.OfRunning(files, ct));
        if (address.IsSocket) await ServerAddress.Prepare(files, account, ct); // its directory may have been swept
        await Start(cluster, ct);
        var server = await RunningServer.Find(files, password, ct)
            ?? throw EmbeddedServerException.NotStarted(files.Directory, "It ended right after its start.", cluster.LogEnd());
        return new RevivedServer(server.ProcessId, took.Elapsed);
    }

    /// <summary>Asks only after a failure whether a folder was closed since: a start in good order waits for nothing else.</summary>
    static async Task Start(ServerCluster cluster, CancellationToken ct)
    {
        try
        {
            await cluster.Start(ct);
        }
        catch (EmbeddedServerException)
        {
            await cluster.MustBeReachable(ct);
            throw;
        }
    }
}
