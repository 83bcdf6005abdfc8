using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Postgres;

/// <summary>Which PostgreSQL the server uses, and whose it is.</summary>
/// <param name="Embedded">The server of our own. Null when one is configured.</param>
/// <param name="Directory">Where this installation keeps its files.</param>
public sealed record DatabaseConnection(string ConnectionString, EmbeddedServer? Embedded, string Directory) : IAsyncDisposable
{
    /// <summary>Name of the connection string in the configuration.</summary>
    public const string Name = "agents";

    /// <summary>The one configured as <c>ConnectionStrings:agents</c>, else the embedded one in a directory, which is started.</summary>
    /// <param name="directory">Where this installation keeps its files.</param>
    /// <exception cref="EmbeddedServerException">None is configured and the embedded one cannot start.</exception>
    public static async Task<DatabaseConnection> Find(IConfiguration configuration, string directory, bool needsDatabase)
    {
        if (configuration.GetConnectionString(Name) is { Length: > 0 } configured) return new(WithSettings(configured), null, directory);
        if (!needsDatabase) return new(WithSettings("Host=127.0.0.1;Database=agents"), null, directory);

        var server = await EmbeddedServer.Start(directory, options: null, CancellationToken.None);
        return new(WithSettings(server.ConnectionString), server, directory);
    }

    /// <summary>Where this installation keeps its files: <c>--data</c>, else <c>AGENTS_DATA</c>, else a folder of the account.</summary>
    public static string DirectoryOf(string[] args) =>
        new ConfigurationBuilder().AddCommandLine(args).Build()["data"] is { Length: > 0 } named
            ? Path.GetFullPath(named)
            : EmbeddedServer.DefaultDirectory();

    /// <summary>One line for people.</summary>
    public string Describe() =>
        Embedded is null ? Describe(ConnectionString) : $"embedded PostgreSQL in {Directory} (set ConnectionStrings__agents to use your own)";

    /// <summary>The same of a database of one's own.</summary>
    public static string Describe(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return $"PostgreSQL {(HasSeveralHosts(settings) ? settings.Host : $"{settings.Host}:{settings.Port}")}/{settings.Database}";
    }

    /// <summary>
    /// A client whose machine or cable is gone closes nothing; the server asks after it and ends its sessions, and with them their locks, after
    /// eleven seconds instead of two hours. Systems that lack one of these settings ignore it. Compiling a statement takes longer here than any takes
    /// to run: a dashboard over a year 1.2 s instead of 0.2.
    /// </summary>
    const string SessionSettings =
        "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=11000 -c jit=off";

    /// <summary>
    /// Prepared statements are the knob: 1.25 to 1.33 times the steps per second; pooled connections that are not reset, since none keeps anything
    /// for the next user, spare six statements each time one is taken. Of several hosts only the primary can do the work, and which one that is after
    /// a failover is asked every second instead of every ten. What the connection string says itself stays.
    /// </summary>
    static string WithSettings(string connectionString)
    {
        var settings = Parse(connectionString);
        SetUnlessGiven("Max Auto Prepare", 60);
        SetUnlessGiven("Auto Prepare Min Usages", 2);
        SetUnlessGiven("Maximum Pool Size", 60);
        SetUnlessGiven("Timeout", 5);
        SetUnlessGiven("Command Timeout", 15);
        SetUnlessGiven("Keepalive", 15);
        SetUnlessGiven("No Reset On Close", true);
        if (HasSeveralHosts(settings))
        {
            SetUnlessGiven("Target Session Attributes", "primary");
            SetUnlessGiven("Host Recheck Seconds", 1);
        }

        settings.Timezone = "UTC"; // Wolverine's ages of messages are wrong by the offset of any other
        if (!settings.ShouldSerialize("Options")) settings.Options = SessionSettings;
        return settings.ConnectionString;

        void SetUnlessGiven(string name, object value)
        {
            if (!settings.ShouldSerialize(name)) settings[name] = value;
        }
    }

    static bool HasSeveralHosts(NpgsqlConnectionStringBuilder settings) => settings.Host?.Contains(',') is true;

    static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        try
        {
            return new(connectionString);
        }
        catch (ArgumentException) // its message may hold a part of the password
        {
            throw new StartRefusedException(
                $"ConnectionStrings__{Name} is no connection string of PostgreSQL; one looks like " +
                "'Host=127.0.0.1;Username=agents;Password=…;Database=agents'.");
        }
    }

    public ValueTask DisposeAsync() => Embedded?.DisposeAsync() ?? ValueTask.CompletedTask;
}
