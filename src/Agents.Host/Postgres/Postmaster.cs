using System.Diagnostics;
using System.Globalization;

namespace Agents.Host.Postgres;

/// <summary>The server process as its lock file tells it. The file proves little: its process may be long dead.</summary>
/// <param name="Address">Null while the server is about to write it.</param>
/// <param name="SharedMemoryId">Of the segment by which PostgreSQL itself sees whether old server processes are left.</param>
sealed record Postmaster(int ProcessId, ServerAddress? Address, int? SharedMemoryId)
{
    /// <summary>How long a killed process may take to end.</summary>
    static readonly TimeSpan OrphanWait = TimeSpan.FromSeconds(1);

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

    /// <summary>
    /// Ends the processes that a dead server has left, as it would have done itself: one inside a long query does not notice, and PostgreSQL does not
    /// start beside it. What they had not committed is lost, as it is by any crash. Known on Linux only.
    /// </summary>
    public void EndOrphans(ServerFiles files)
    {
        if (!OperatingSystem.IsLinux() || !IsGone()) return;

        var left = ServerProcesses(files);
        if (left.Any(process => left.Any(other => other.Parent == process.Id)) || Read(files)?.ProcessId != ProcessId) return; // a new server

        foreach (var (id, _) in left)
        {
            try
            {
                using var orphan = Process.GetProcessById(id);
                orphan.Kill();
                orphan.WaitForExit(OrphanWait);
            }
            catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It ended by itself, or belongs to another account: the start tells.
            }
        }
    }

    static string LockFile(ServerFiles files) => Path.Combine(files.Cluster, "postmaster.pid");

    static bool IsServer(string name) => name is "postgres" or "postmaster";

    static ServerAddress? AddressIn(string[] lines)
    {
        if (lines.Length < 6 || Number(lines, 3) is not { } port) return null;
        var host = lines[4].Length > 0 ? lines[4] : lines[5];
        return host.Length > 0 ? new ServerAddress(host, port) : null;
    }

    (string Name, char State)? StateOnLinux() => Stat(ProcessId) is var (name, state, _) ? (name, state) : null;

    /// <summary>Living processes of PostgreSQL that work in our cluster, and their parents.</summary>
    static List<(int Id, int Parent)> ServerProcesses(ServerFiles files)
    {
        var found = new List<(int, int)>();
        var ours = TextOf(LockFile(files));
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id)) continue;
            if (Stat(id) is not var (name, state, parent) || !IsServer(name) || state is 'Z' or 'X') continue;
            if (ours is not null && TextOf(Path.Combine(directory, "cwd", Path.GetFileName(LockFile(files)))) == ours) found.Add((id, parent));
        }
        return found;
    }

    /// <summary>Null when there is no such file, or it is closed to us.</summary>
    static string? TextOf(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The name, state letter and parent of a process; null when there is none.</summary>
    static (string Name, char State, int Parent)? Stat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat"); // 123 (name) S 1 …, and the name may hold anything
            var end = text.LastIndexOf(')');
            var parent = int.Parse(text[(end + 4)..].Split(' ')[0], CultureInfo.InvariantCulture);
            return (text[(text.IndexOf('(', StringComparison.Ordinal) + 1)..end], text[end + 2], parent);
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
