using System.Diagnostics;

namespace Agents.Host.Postgres;

/// <summary>A lock on a file, gone with its process however that ends. The file stays: two could each lock another one of the same name.</summary>
sealed class ServerLock : IDisposable
{
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    /// <summary>Starting may mean recovering from a crash, or a download.</summary>
    static readonly TimeSpan ControlWait = TimeSpan.FromMinutes(3);

    /// <summary>A program being started holds a copy of our locks for a moment, between fork and exec.</summary>
    static readonly TimeSpan ForkWait = TimeSpan.FromMilliseconds(150);

    readonly FileStream _file;

    ServerLock(FileStream file) => _file = file;

    /// <summary>One at a time may start or stop the server.</summary>
    /// <exception cref="EmbeddedServerException">Another process has been at it for minutes.</exception>
    public static async Task<ServerLock> Control(ServerFiles files, CancellationToken ct) =>
        await Take(files.ControlLock, FileAccess.ReadWrite, FileShare.None, ControlWait, ct)
        ?? throw EmbeddedServerException.Busy(files.Directory, ControlWait);

    /// <summary>Says that a process uses the server. Taken under the control lock, so that none decides just then that it is unused.</summary>
    public static async Task<ServerLock> User(ServerFiles files, CancellationToken ct) =>
        await Take(files.UsersLock, FileAccess.Read, FileShare.Read, ForkWait, ct)
        ?? throw EmbeddedServerException.Busy(files.Directory, ForkWait);

    /// <summary>Null when a process uses the server; else none will until it is given back.</summary>
    public static Task<ServerLock?> NoUsers(ServerFiles files, CancellationToken ct) =>
        Take(files.UsersLock, FileAccess.ReadWrite, FileShare.None, ForkWait, ct);

    public void Dispose() => _file.Dispose();

    static async Task<ServerLock?> Take(string path, FileAccess access, FileShare share, TimeSpan wait, CancellationToken ct)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = access, Share = share };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new ServerLock(new FileStream(path, options));
            }
            catch (IOException held) when (held is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
            {
                if (waited.Elapsed > wait) return null;
            }
            await Task.Delay(Pause, ct);
        }
    }
}
