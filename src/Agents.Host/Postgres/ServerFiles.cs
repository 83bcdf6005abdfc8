using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Agents.Host.Postgres;

/// <summary>Where an embedded server keeps what. Only <see cref="Prepare"/> and <see cref="Password"/> write.</summary>
sealed class ServerFiles(string directory)
{
    /// <summary>Of the directory, in bytes: PostgreSQL takes paths of up to 1023, and its own names below follow.</summary>
    const int LongestPath = 900;

    /// <summary>Named in every message: what a person chose, or the default.</summary>
    public string Directory { get; } = Path.GetFullPath(directory);

    public string Home => Path.Combine(Directory, "postgres");

    /// <summary>The cluster. Exists only when initdb went through.</summary>
    public string Cluster => Path.Combine(Home, "data");

    /// <summary>A cluster in the making, or one on its way out. Never of value.</summary>
    public string Staging => Path.Combine(Home, "data.new");

    /// <summary>Read by the server through an include in its own postgresql.conf; written anew at every start.</summary>
    public string Settings => Path.Combine(Home, "server.conf");

    public string Log => Path.Combine(Home, "postgres.log");

    /// <summary>The TCP port on Windows, kept so that it stays the same from start to start.</summary>
    public string Port => Path.Combine(Home, "port");

    /// <summary>Held while the server is started or stopped.</summary>
    public string ControlLock => Path.Combine(Home, "control.lock");

    /// <summary>Held, shared, by each process that uses the server, for as long as it does.</summary>
    public string UsersLock => Path.Combine(Home, "users.lock");

    /// <summary>The password in the form initdb wants it: a file its account can read. Gone after initdb.</summary>
    public string PasswordForInitdb => Path.Combine(Home, "password.initdb");

    string PasswordFile => Path.Combine(Home, "password");

    /// <summary>The major version that made the cluster. Null when there is none.</summary>
    public int? Major()
    {
        var version = Path.Combine(Cluster, "PG_VERSION");
        return File.Exists(version) ? int.Parse(File.ReadAllText(version).Trim(), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Whether the cluster's last server ended in good order, as its control file tells: PostgreSQL's DBState stands at byte 16.</summary>
    public bool WasShutDown()
    {
        const int stateAt = 16, shutDown = 1, shutDownInRecovery = 2;
        var control = File.ReadAllBytes(Path.Combine(Cluster, "global", "pg_control"));
        return control.Length > stateAt + sizeof(int) && BitConverter.ToInt32(control, stateAt) is shutDown or shutDownInRecovery;
    }

    /// <summary>What the cluster takes on disk. Files that vanish while it counts do not count.</summary>
    public long ClusterBytes()
    {
        var all = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return new DirectoryInfo(Cluster).EnumerateFiles("*", all).Where(file => file.Exists).Sum(file => file.Length);
    }

    /// <summary>Makes the home directory, closed to others, and proves that we may write there.</summary>
    /// <exception cref="EmbeddedServerException">We may not, or PostgreSQL could not name its files there.</exception>
    public void Prepare(ServerAccount account)
    {
        if (Encoding.UTF8.GetByteCount(Directory) > LongestPath) throw EmbeddedServerException.PathTooLong(Directory, LongestPath);
        try
        {
            MakeDirectory(Directory, account);
            System.IO.Directory.CreateDirectory(Home);
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(Home, account.IsOurs ? Modes.Private : Modes.Passage);
            File.WriteAllText(Path.Combine(Home, "README"), "The embedded PostgreSQL of Agents. Read docs/postgres.md before you touch it.\n");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw EmbeddedServerException.NotWritable(Directory, failure);
        }
    }

    /// <summary>The password of the cluster, made when there is no cluster yet.</summary>
    /// <exception cref="EmbeddedServerException">There is a cluster, and its password is lost.</exception>
    public string Password()
    {
        if (File.Exists(PasswordFile)) return File.ReadAllText(PasswordFile).Trim();
        if (Major() is not null) throw EmbeddedServerException.PasswordLost(PasswordFile, Directory);

        var password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        WritePrivately(PasswordFile + ".new", password);
        File.Move(PasswordFile + ".new", PasswordFile, overwrite: true);
        return password;
    }

    public static void WritePrivately(string path, string text)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }

    /// <summary>Deletes the cluster and what belongs to it. A crash half-way leaves no half cluster under the real name.</summary>
    public void Discard()
    {
        DeleteStaging();
        if (System.IO.Directory.Exists(Cluster)) System.IO.Directory.Move(Cluster, Staging);
        foreach (var file in new[] { PasswordFile, Settings, Log, Port }) File.Delete(file);
        DeleteStaging();
    }

    public void DeleteStaging()
    {
        if (System.IO.Directory.Exists(Staging)) System.IO.Directory.Delete(Staging, recursive: true);
    }

    /// <summary>Each directory that is made lets the server's account through, whatever our umask.</summary>
    static void MakeDirectory(string directory, ServerAccount account)
    {
        if (System.IO.Directory.Exists(directory)) return;

        if (Path.GetDirectoryName(directory) is { } above) MakeDirectory(above, account);
        System.IO.Directory.CreateDirectory(directory);
        if (!OperatingSystem.IsWindows() && !account.IsOurs) File.SetUnixFileMode(directory, Modes.Passage);
    }
}
