namespace Agents.Host.Postgres;

/// <summary>
/// Starts this server's own PostgreSQL again when it has died. One that was stopped in good order stays stopped: an operator may be copying its
/// files.
/// </summary>
public sealed class ServerWatch(EmbeddedServer server, ILogger<ServerWatch> log) : BackgroundService
{
    /// <summary>How often it is looked at; a look reads two small files.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>The pause doubles with each start that fails, up to this.</summary>
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (pause, before) = (Every, ServerFate.Runs);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(pause, stoppingToken);
                var fate = server.Fate();
                if (fate is ServerFate.Died) await Revive(stoppingToken);
                else if (fate is not ServerFate.Runs && fate != before) LogWhyItStaysAway(fate);
                (pause, before) = (Every, fate);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                log.LogError(
                    "The embedded PostgreSQL in {Directory} is down and cannot be started; the next try is in {Seconds:0} s. {Reason}",
                    server.Directory, pause.TotalSeconds, failure.Message);
            }
        }
    }

    async Task Revive(CancellationToken ct)
    {
        if (await server.Revive(ct) is { } revived)
            log.LogWarning(
                "The embedded PostgreSQL in {Directory} had died; it was started again as process {Process} within {Seconds:0.0} s",
                server.Directory, revived.ProcessId, revived.Took.TotalSeconds);
        else log.LogWarning("The embedded PostgreSQL in {Directory} had died; another process of Agents started it again", server.Directory);
    }

    void LogWhyItStaysAway(ServerFate fate) => log.LogError(
        "The embedded PostgreSQL in {Directory} {Reason} It is not started again by this server; restart Agents to start it",
        server.Directory, fate is ServerFate.WasStopped ? "was stopped in good order, past Agents." : "has lost its data directory.");
}
