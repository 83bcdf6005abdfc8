using System.Diagnostics;
using System.Globalization;

namespace Agents.Host.Postgres;

/// <summary>The server process as its lock file tells it. The file proves little: its process may be long dead.</summary>
/// <param name="Address">Null while the server is about to write it.</param>
/// <param name="SharedMemoryId">Of the segment by which PostgreSQL itself sees whether old server processes are left.</param>
sealed record Postmaster(int ProcessId, ServerAddress? Address, int? SharedMemoryId)
{
    /// <summary>Null when there is no lock file.</summary>
    public static Postmaster? Read(ServerFiles files)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(LockFile(files));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        if (Number(lines, 0) is not { } process) return null;
        return new Postmaster(process, AddressIn(lines), lines.Length > 6 ? Number(lines[6].Split(' '), ^1) : null);
    }

    /// <summary>No such process, an unreaped dead one, or by now another program's.</summary>
    public bool IsGone()
    {
        if (OperatingSystem.IsLinux()) return StateOnLinux() is not ({ } name, not ('Z' or 'X')) || !IsServer(name);
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return process.HasExited || !IsServer(process.ProcessName);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return true;
        }
    }

    /// <summary>
    /// Removes the lock files of a dead server whose number is still taken, by its unreaped self or by another program: to PostgreSQL
    /// it would live for ever. Not while other server processes are left, and never for a free number: there PostgreSQL does it better.
    /// </summary>
    public void RemoveLocks(ServerFiles files)
    {
        if (!OperatingSystem.IsLinux() || !IsGone() || StateOnLinux() is null || IsMemoryInUse()) return;

        File.Delete(LockFile(files));
        if (Address is { IsSocket: true }) File.Delete(Path.Combine(Address.Host, $".s.PGSQL.{Address.Port}.lock"));
    }

    static string LockFile(ServerFiles files) => Path.Combine(files.Cluster, "postmaster.pid");

    static bool IsServer(string name) => name is "postgres" or "postmaster";

    static ServerAddress? AddressIn(string[] lines)
    {
        if (lines.Length < 6 || Number(lines, 3) is not { } port) return null;
        var host = lines[4].Length > 0 ? lines[4] : lines[5];
        return host.Length > 0 ? new ServerAddress(host, port) : null;
    }

    /// <summary>The name and state letter of the process; null when there is none.</summary>
    (string Name, char State)? StateOnLinux()
    {
        try
        {
            var text = File.ReadAllText($"/proc/{ProcessId}/stat"); // 123 (name) S …, and the name may hold anything
            var end = text.LastIndexOf(')');
            return (text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..end], text[end + 2]);
        }
        catch (IOException)
        {
            return null;
        }
    }

    bool IsMemoryInUse()
    {
        const string segments = "/proc/sysvipc/shm"; // key shmid perms size cpid lpid nattch …
        if (SharedMemoryId is not { } id || !File.Exists(segments)) return false;
        return File.ReadLines(segments).Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => Number(fields, 1) == id && Number(fields, 6) > 0);
    }

    static int? Number(string[] parts, Index at) =>
        at.GetOffset(parts.Length) < parts.Length && int.TryParse(parts[at], CultureInfo.InvariantCulture, out var number) ? number : null;
}
