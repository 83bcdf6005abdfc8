using System.Runtime.CompilerServices;
using Agents.Host.Models;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Cli.Database;

/// <summary>What <c>doctor</c> looks at. Nothing is created; a stopped embedded server is started for a moment.</summary>
static class Checks
{
    const int OldestDotNet = 10;

    /// <summary>Beyond it facts of this node would be dated visibly wrong, were they not dated by the database.</summary>
    static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(1);

    static readonly TimeSpan ModelPatience = TimeSpan.FromSeconds(5);

    public static async IAsyncEnumerable<Check> All(Call call, [EnumeratorCancellation] CancellationToken ct)
    {
        var settings = Settings.Of(call);
        var isOwn = settings.GetConnectionString(DatabaseConnection.Name) is { Length: > 0 };
        var status = await EmbeddedServer.Status(call.Data, ct);
        yield return DotNet();
        yield return Programs(status, isOwn);
        yield return Writable(call.Data);
        var running = await RunningServer.Of(call, ct);
        if (running is { Database: { } database } && !running.Uses(settings))
            yield return new("database", CheckResult.Ok, $"{database}: that of the running server; the settings of this shell name another one");
        else await foreach (var check in Database(settings, status, isOwn, ct)) yield return check;
        foreach (var check in running?.ModelChecks() ?? await Models(settings, ct)) yield return check;
        yield return running?.Check() ?? Stopped(call);
    }

    static Check DotNet() => Environment.Version.Major >= OldestDotNet
        ? new(".NET", CheckResult.Ok, $"{Environment.Version}")
        : new(".NET", CheckResult.Fail, $"{Environment.Version}; install .NET {OldestDotNet} or newer");

    static Check Programs(EmbeddedServerStatus status, bool isOwn) => status.Programs switch
    {
        [var first, ..] => new("PostgreSQL", CheckResult.Ok, $"{first.Version} in {first.Directory}"),
        _ when isOwn => new("PostgreSQL", CheckResult.Ok, "no programs here, and none needed: a database of your own is configured"),
        _ =>
            new(
                "PostgreSQL", CheckResult.Warn,
                "no programs found; the first start downloads them. Or install them (apt-get install postgresql), or set ConnectionStrings__agents"),
    };

    static Check Writable(string directory)
    {
        var existing = new DirectoryInfo(directory);
        while (!existing.Exists && existing.Parent is { } parent) existing = parent;
        try
        {
            using var probe = File.Create(Path.Combine(existing.FullName, $".agents-{Guid.NewGuid():N}"), 1, FileOptions.DeleteOnClose);
            return new("data directory", CheckResult.Ok, existing.FullName == directory ? directory : $"{directory} (not created yet)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(
                "data directory", CheckResult.Fail,
                $"cannot write to {existing.FullName}: {e.Message} Choose another one with --data DIR or AGENTS_DATA");
        }
    }

    static async IAsyncEnumerable<Check> Database(
        IConfiguration settings, EmbeddedServerStatus status, bool isOwn, [EnumeratorCancellation] CancellationToken ct)
    {
        if (!isOwn && status.State == EmbeddedServerState.NotCreated)
        {
            yield return new("database", CheckResult.Ok, "embedded, not created yet; the first start makes it");
            yield break;
        }

        var clock = new DatabaseClock();
        var (reached, more) = await Reach(settings, status.Directory, clock, ct);
        yield return reached;
        if (reached.Result == CheckResult.Fail) yield break;

        foreach (var check in more) yield return check;

        yield return clock.Offset.Duration() <= ClockTolerance
            ? new("clock", CheckResult.Ok, $"{clock.Offset.Duration().TotalMilliseconds:0} ms from the database's")
            : new(
                "clock", CheckResult.Warn,
                $"{clock.Offset.TotalSeconds:+0.0;-0.0} s to the database's; set this machine's clock (chrony, systemd-timesyncd)");
    }

    /// <returns>Also what is found in it: nothing before the server has made its tables.</returns>
    static async Task<(Check Reached, IEnumerable<Check> More)> Reach(
        IConfiguration settings, string directory, DatabaseClock clock, CancellationToken ct)
    {
        try
        {
            await using var database = await DatabaseConnection.Find(settings, directory, needsDatabase: true);
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString);
            await connection.OpenAsync(ct);
            await clock.Measure(connection, ct);
            return connection.PostgreSqlVersion.Major >= ServerPrograms.OldestMajor
                ? (
                    new("database", CheckResult.Ok, $"PostgreSQL {connection.ServerVersion}, {database.Describe()}"),
                    new[]
                    {
                        await DutyCheck.Of(connection, ct), await FinanceCheck.Of(connection, ct),
                        await RoleCheck.Of(connection, database.Embedded is not null, ct),
                    }.OfType<Check>())
                : (
                    new(
                        "database", CheckResult.Fail,
                        $"PostgreSQL {connection.ServerVersion} is too old; {ServerPrograms.OldestMajor} or newer is needed"),
                    []);
        }
        catch (Exception e) when (e is NpgsqlException or EmbeddedServerException or StartRefusedException)
        {
            return (new("database", CheckResult.Fail, Failures.Of(e).Message), []);
        }
    }

    /// <summary>One for each entry; a single one when the settings are wrong.</summary>
    static async Task<IReadOnlyList<Check>> Models(IConfiguration settings, CancellationToken ct)
    {
        try
        {
            return await Task.WhenAll(ModelProviders.From(settings).All.Select(entry => Model(entry, ct)));
        }
        catch (StartRefusedException e)
        {
            return [new("model", CheckResult.Fail, e.Message)];
        }
    }

    static async Task<Check> Model(ModelOptions entry, CancellationToken ct) => entry switch
    {
        { Endpoint: not null } => await Reach(entry, ct),
        { Entry: { } name } => new("model", CheckResult.Ok, $"{name}: {entry.Default}, inside this program, no key, no cost"),
        _ => new("model", CheckResult.Ok, $"{entry.Default}: inside this program, no key, no cost. Another one: Models__Provider, Models__ApiKey"),
    };

    /// <summary>Whether anything answers: the key is not tried, so nothing is spent.</summary>
    static async Task<Check> Reach(ModelOptions models, CancellationToken ct)
    {
        using var http = new HttpClient { Timeout = ModelPatience };
        try
        {
            using var response = await http.GetAsync(models.Endpoint, HttpCompletionOption.ResponseHeadersRead, ct);
            return new("model", CheckResult.Ok, $"{models}, which answers; the key is tried with the first call");
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return new("model", CheckResult.Fail, $"{models} cannot be reached: {e.Message} Check {EndpointKey(models)} and the network");
        }
    }

    static string EndpointKey(ModelOptions entry) => entry.Entry is { } name ? $"Models__Providers__{name}__Endpoint" : "Models__Endpoint";

    static Check Stopped(Call call) => (call.Server ?? ServerUrl.Read(call.Data)?.Address) is { } address
        ? new("server", CheckResult.Warn, $"{address} does not answer; start it: agents serve")
        : new("server", CheckResult.Ok, "none is running; a verb starts one for itself, agents serve one that stays");
}
