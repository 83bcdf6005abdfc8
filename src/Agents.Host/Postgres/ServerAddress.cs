using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Agents.Host.Postgres;

/// <summary>Where a server listens: a socket in a directory of its own, or on Windows a port of the loopback address.</summary>
/// <param name="Host">The socket's directory, or the address.</param>
sealed record ServerAddress(string Host, int Port)
{
    /// <summary>The pool of one host. See <see cref="ServerSettings"/> for what the server allows.</summary>
    public const int PoolSize = 60;

    /// <summary>Of the whole path of a socket, in bytes: Linux allows 107, macOS 103.</summary>
    const int LongestSocketPath = 100;

    const int SocketPort = 5432; // only a part of the socket's name

    public bool IsSocket => Path.IsPathRooted(Host);

    /// <summary>The address for the next start; its socket directory is made.</summary>
    public static async Task<ServerAddress> Prepare(ServerFiles files, ServerAccount account, CancellationToken ct)
    {
        if (OperatingSystem.IsWindows()) return new ServerAddress(IPAddress.Loopback.ToString(), KeptPort(files));

        var directory = SocketDirectory(files);
        if (new DirectoryInfo(directory).LinkTarget is not null) throw EmbeddedServerException.SocketTaken(directory, null);
        try
        {
            Directory.CreateDirectory(directory, Modes.Private);
            File.SetUnixFileMode(directory, Modes.Private);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw EmbeddedServerException.SocketTaken(directory, failure);
        }
        await account.MakeOwner(ct, directory);
        return new ServerAddress(directory, SocketPort);
    }

    /// <summary>Removes the socket's directory. For a server that is no more.</summary>
    public static void Remove(ServerFiles files)
    {
        var directory = new DirectoryInfo(SocketDirectory(files));
        if (directory is { Exists: true, LinkTarget: null }) directory.Delete(recursive: true);
    }

    /// <summary>The way to a database of the server, as measured for many short transactions.</summary>
    public string ConnectionString(string password, string database) => Builder(password, database).ConnectionString;

    /// <summary>For one question, past all pools.</summary>
    public NpgsqlConnection Connection(string password) =>
        new(new NpgsqlConnectionStringBuilder(ConnectionString(password, "postgres")) { Pooling = false, KeepAlive = 0 }.ConnectionString);

    NpgsqlConnectionStringBuilder Builder(string password, string database) => new()
    {
        Host = Host,
        Port = Port,
        Username = ServerCluster.User,
        Password = password,
        Database = database,
        SslMode = SslMode.Disable, // nothing leaves the machine
        GssEncryptionMode = GssEncryptionMode.Disable,
        MaxAutoPrepare = 60,
        AutoPrepareMinUsages = 2,
        Timeout = 5,
        CommandTimeout = 15,
        KeepAlive = 15,
        MaxPoolSize = PoolSize,
    };

    /// <summary>With the other files where the path allows it (temporary directories get swept), else a short one named after them.</summary>
    static string SocketDirectory(ServerFiles files)
    {
        var beside = Path.Combine(files.Home, "socket");
        var length = Encoding.UTF8.GetByteCount(beside) + $"/.s.PGSQL.{SocketPort}".Length;
        if (length <= LongestSocketPath && beside.IndexOfAny([',', ':']) < 0) return beside; // a connection string splits hosts at both

        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(files.Home)))[..16];
        return Path.Combine("/tmp", "agents-pg-" + name);
    }

    static int KeptPort(ServerFiles files)
    {
        var kept = File.Exists(files.Port) ? int.Parse(File.ReadAllText(files.Port), CultureInfo.InvariantCulture) : 0;
        if (kept > 0 && FreePort(kept) is not null) return kept;

        var port = FreePort(0) ?? throw EmbeddedServerException.NoPort();
        File.WriteAllText(files.Port, port.ToString(CultureInfo.InvariantCulture));
        return port;
    }

    /// <param name="wanted">0 for any.</param>
    static int? FreePort(int wanted)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, wanted);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException)
        {
            return null;
        }
    }
}
