using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Agents.Crash.Tests;

/// <summary>A place for a server: whenever the one in it is dead, a new one is started, as a supervisor would.</summary>
sealed class RigNode : IAsyncDisposable
{
    static readonly TimeSpan PostPatience = TimeSpan.FromSeconds(5);

    readonly Func<ServerProcess> launch;
    readonly TimeSpan staysAway;
    readonly CancellationTokenSource stopping = new();
    readonly List<string> endedByThemselves = [];
    readonly Task supervising;
    volatile ServerProcess? ready;
    volatile bool isPaused;
    volatile string lastRefusal = "";

    /// <param name="settings">Environment variables, asked for before each start.</param>
    /// <param name="staysAway">How long after a death the next server is started.</param>
    public RigNode(string connection, Uri provider, TimeSpan staysAway, Func<IEnumerable<(string Name, string Value)>> settings)
    {
        this.staysAway = staysAway;
        launch = () => ServerProcess.Launch(connection, provider, [("Logging__LogLevel__Default", "Warning"), .. settings()]);
        supervising = Task.Run(Supervise);
    }

    /// <summary>The server that takes requests now; null while there is none.</summary>
    public ServerProcess? Server => ready;

    public bool IsReady => ready is { HasExited: false } && !isPaused;

    /// <summary>How names of this node begin, by which the database knows it.</summary>
    public string? NamePrefix => ready is { } server ? $"{Environment.MachineName}-{server.Id}-" : null;

    /// <summary>The last words of servers that had been ready and ended without being killed.</summary>
    public IReadOnlyList<string> EndedByThemselves
    {
        get { lock (endedByThemselves) return [.. endedByThemselves]; }
    }

    /// <summary>What the server of now has written, or why there is none.</summary>
    public string Output => ready?.Output ?? lastRefusal;

    public async Task Kill()
    {
        if (Interlocked.Exchange(ref ready, null) is { } server) await server.Kill();
    }

    /// <summary>SIGTERM, and kill -9 when it has not ended in time.</summary>
    /// <returns>How long it took to end; null when there was no server, or it had to be killed.</returns>
    public async Task<TimeSpan?> Terminate(TimeSpan patience)
    {
        if (Interlocked.Exchange(ref ready, null) is not { } server) return null;
        var waited = Stopwatch.StartNew();
        server.Signal("TERM");
        while (!server.HasExited && waited.Elapsed < patience) await Task.Delay(20);
        if (server.HasExited) return waited.Elapsed;
        await server.Kill();
        return null;
    }

    public async Task Pause(TimeSpan time)
    {
        if (ready is not { } server) return;
        isPaused = true;
        server.Signal("STOP");
        await Task.Delay(time);
        server.Signal("CONT");
        isPaused = false;
    }

    /// <summary>Asks for a run. Null when the server did not say that it has accepted it.</summary>
    public async Task<Guid?> Queue(string question, string key, string agent = "research")
    {
        if (ready is not { } server) return null;
        using var patience = new CancellationTokenSource(PostPatience);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/runs") { Content = JsonContent.Create(new { agent, question }) };
        request.Headers.Add("Idempotency-Key", key);
        try
        {
            using var answer = await server.Client.SendAsync(request, patience.Token);
            if (answer.StatusCode is not HttpStatusCode.Accepted) return null;
            return (await answer.Content.ReadFromJsonAsync<JsonElement>(patience.Token)).GetProperty("id").GetGuid();
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or ObjectDisposedException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether the server says that it has resumed the run.</summary>
    public Task<bool> Resume(Guid run) => Tell(run, "resume");

    /// <summary>Whether the server says that it has cancelled the run.</summary>
    public Task<bool> Cancel(Guid run) => Tell(run, "cancel");

    async Task<bool> Tell(Guid run, string command)
    {
        if (ready is not { } server) return false;
        using var patience = new CancellationTokenSource(PostPatience);
        try
        {
            using var answer = await server.Client.PostAsJsonAsync($"/runs/{run}/{command}", new { reason = "The rig wants it." }, patience.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Kill();
        await supervising;
        stopping.Dispose();
    }

    async Task Supervise()
    {
        while (!stopping.IsCancellationRequested)
        {
            await using var server = launch();
            try
            {
                await server.Ready();
                ready = server;
                while (!server.HasExited && !stopping.IsCancellationRequested) await Task.Delay(20);
                if (!stopping.IsCancellationRequested) await Task.Delay(staysAway);
                if (Interlocked.CompareExchange(ref ready, null, server) != server || stopping.IsCancellationRequested) continue;
                await server.Died(); // until it has been heard to the end
                if (!server.WasStruck("kill"))
                    lock (endedByThemselves) endedByThemselves.Add(server.Output);
            }
            catch (InvalidOperationException refused)
            {
                lastRefusal = refused.Message;
                await Task.Delay(50); // it could not start, such as while the database is away
            }
        }
    }
}
