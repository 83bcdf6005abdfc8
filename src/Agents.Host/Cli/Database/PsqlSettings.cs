using Npgsql;

namespace Agents.Host.Cli.Database;

/// <summary>A connection string of Npgsql in the variables that psql reads.</summary>
public static class PsqlSettings
{
    /// <param name="connectionString">It may name several hosts, each with a port of its own.</param>
    public static IReadOnlyDictionary<string, string?> Of(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        var hosts = (settings.Host ?? "").Split(',', StringSplitOptions.TrimEntries).Select(host => HostAndPort(host, settings.Port)).ToList();
        return new Dictionary<string, string?>
        {
            ["PGHOST"] = string.Join(',', hosts.Select(host => host.Host)),
            ["PGPORT"] = string.Join(',', hosts.Select(host => host.Port)),
            ["PGDATABASE"] = settings.Database,
            ["PGUSER"] = settings.Username,
            ["PGPASSWORD"] = settings.Password,
            ["PGTARGETSESSIONATTRS"] = Wanted(settings.TargetSessionAttributes),
            ["PGOPTIONS"] = "-c search_path=agents,finance,public",
        };
    }

    /// <summary>
    /// Npgsql writes the port behind the host, and an address of IPv6 that has one in brackets; psql reads hosts and ports as two lists.
    /// </summary>
    static (string Host, string Port) HostAndPort(string host, int otherwise)
    {
        var (colon, bracket) = (host.LastIndexOf(':'), host.LastIndexOf(']'));
        var hasPort = colon > bracket && (bracket >= 0 || host.IndexOf(':') == colon);
        return ((hasPort ? host[..colon] : host).Trim('[', ']'), hasPort ? host[(colon + 1)..] : $"{otherwise}");
    }

    /// <summary>Null for what psql has no word for; then it takes the first server that answers.</summary>
    static string? Wanted(string? attributes) => attributes?.ToLowerInvariant() is "prefer-primary" ? null : attributes?.ToLowerInvariant();
}
