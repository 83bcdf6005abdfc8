using System.Text;

namespace Agents.Host.Postgres;

/// <summary>What the server is told at every start. What a person sets by ALTER SYSTEM comes after it and wins.</summary>
static class ServerSettings
{
    /// <summary>Two hosts' pools, and some for people, the watchdog and maintenance.</summary>
    const int Connections = (2 * ServerAddress.PoolSize) + 40;

    /// <summary>A throw-away cluster serves the hosts of many tests at once.</summary>
    const int TestConnections = 500;

    public static string Text(ServerAddress address, ServerPrograms programs, bool durable)
    {
        var text = new StringBuilder("# Written at every start. Change settings by ALTER SYSTEM, which wins over this file.\n");
        foreach (var (name, value) in All(address, programs, durable)) text.Append(name).Append(" = ").Append(Quoted(value)).Append('\n');
        return text.ToString();
    }

    static IEnumerable<(string Name, string Value)> All(ServerAddress address, ServerPrograms programs, bool durable)
    {
        yield return ("listen_addresses", address.IsSocket ? "" : address.Host);
        yield return ("unix_socket_directories", address.IsSocket ? address.Host : "");
        yield return ("unix_socket_permissions", "0700");
        yield return ("port", $"{address.Port}");
        yield return ("max_connections", $"{(durable ? Connections : TestConnections)}");
        yield return ("shared_buffers", "128MB");
        yield return ("wal_compression", "on");
        yield return ("log_lock_waits", "on");
        yield return ("deadlock_timeout", "500ms");
        yield return ("log_line_prefix", "%m [%p] ");
        if (NoticesLostClients(programs)) yield return ("client_connection_check_interval", "1s");
        if (programs.HasLibrary("pg_stat_statements")) yield return ("shared_preload_libraries", "pg_stat_statements");
        if (durable) yield break;

        yield return ("fsync", "off");
        yield return ("synchronous_commit", "off");
        yield return ("full_page_writes", "off");
        yield return ("wal_compression", "off"); // the last setting of a name wins
        yield return ("autovacuum_naptime", "5min"); // each minute it starts a process for each database, and the tests make a hundred
    }

    /// <summary>Where the platform cannot do it, the setting keeps the server from starting.</summary>
    static bool NoticesLostClients(ServerPrograms programs) =>
        OperatingSystem.IsLinux() || (OperatingSystem.IsMacOS() && programs.Major >= 15);

    static string Quoted(string value) =>
        "'" + value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + "'";
}
