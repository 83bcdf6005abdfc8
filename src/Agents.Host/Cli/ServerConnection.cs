using Agents.Host.Http;
using Agents.Host.Postgres;

namespace Agents.Host.Cli;

/// <summary>
/// The way to a server: the one named, else the one that runs on the data directory, else one in this process, which ends with the verb.
/// </summary>
public sealed class ServerConnection : IAsyncDisposable
{
    readonly HttpClient http;
    WebApplication? own;

    ServerConnection(HttpClient http) => (this.http, Api) = (http, new Api(http));

    public Api Api { get; }

    /// <summary>The server is in this process; runs left over from before go on in it.</summary>
    public bool IsOwn => own is not null;

    /// <summary>Which database a server of our own uses, for people; null for another server, which knows itself.</summary>
    public string? Database => own?.Services.GetRequiredService<DatabaseConnection>().Describe();

    /// <param name="doesRuns">False for a verb that only looks: a server started for it leaves unfinished runs alone, or it would break off what it
    /// began.</param>
    public static async Task<ServerConnection> Open(Call call, CancellationToken ct, bool doesRuns = true)
    {
        if (call.Server is { } named)
        {
            using var unknown = ClientOf(named);
            if (!await ServerUrl.IsOurs(unknown, ct))
                throw new VerbException(
                    ExitCodes.Unreachable, $"No Agents server answers at {named}. Start one with 'agents serve', or leave out --server.");
            return Beside(call, named, doesRuns);
        }

        if (ServerUrl.Read(call.Data) is { } running)
        {
            using var unproven = ClientOf(running.Address);
            if (await running.Answers(unproven, ct)) return Beside(call, running.Address, doesRuns);
        }

        return await Start(call, doesRuns, ct);
    }

    /// <summary>A server that runs has its own settings: those of this process that it would have are not used, and that is said.</summary>
    static ServerConnection Beside(Call call, Uri address, bool doesRuns)
    {
        if (doesRuns && ServerOnlySettings.Unused(address) is { } said) call.Inform(said);
        return new(ClientOf(address, call.Key));
    }

    static async Task<ServerConnection> Start(Call call, bool doesRuns, CancellationToken ct)
    {
        var ownKey = new OwnKey(ApiKey.NewSecret());
        string[] idle = doesRuns ? [] : ["--Workers:MaxRuns", "0"];
        var app = await Server.Build(
            ["--data", call.Data, "--urls", "http://127.0.0.1:0", "--Workers:DrainTimeout", "00:00:01", .. idle, .. call.ServerSettings],
            adjust: builder => Quietly(builder, ownKey));
        try
        {
            await app.StartAsync(ct);
            return new(ClientOf(new(app.Urls.First()), call.Key ?? ownKey.Secret)) { own = app };
        }
        catch
        {
            await Stop(app);
            throw;
        }
    }

    static void Quietly(WebApplicationBuilder builder, OwnKey ownKey)
    {
        builder.Services.AddSingleton(ownKey);
        builder.Logging.ClearProviders();
        if (Call.IsDebugging) builder.Logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddSingleton<IHostLifetime, VerbLifetime>();
    }

    public static HttpClient ClientOf(Uri address, string? key = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = !address.IsLoopback, MaxConnectionsPerServer = 32 })
        {
            BaseAddress = new(address.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = TimeSpan.FromSeconds(100),
        };
        client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "cli");
        if (key is not null) client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (own is not null) await Stop(own);
        own = null;
    }

    static async Task Stop(WebApplication app)
    {
        var database = app.Services.GetRequiredService<DatabaseConnection>();
        try
        {
            await app.StopAsync();
        }
        finally
        {
            await app.DisposeAsync();
            await database.DisposeAsync();
        }
    }

    /// <summary>The verb ends the server, not a signal.</summary>
    sealed class VerbLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
