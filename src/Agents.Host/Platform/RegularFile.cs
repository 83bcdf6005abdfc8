using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Agents.Host.Platform;

/// <summary>Opens files for reading without waiting: a named pipe whose other end is closed would hold its reader for ever.</summary>
public static class RegularFile
{
    /// <summary>What a file that is none is refused with.</summary>
    public const string NotRegular = "not a regular file";

    /// <exception cref="IOException">The file cannot be opened, or is a pipe or a device that is read as it comes.</exception>
    /// <exception cref="UnauthorizedAccessException">The server may not read it.</exception>
    public static FileStream Open(string path) => IsPipe(path)
        ? throw new IOException($"{path} is {NotRegular}.")
        : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Whether the file is a pipe, or a device that is read as it comes; .NET tells only after it has waited for the other end.</summary>
    public static bool IsPipe(string path)
    {
        if (OperatingSystem.IsWindows()) return false;

        var opened = OpenWithoutWaiting(path, OperatingSystem.IsLinux() ? LinuxFlags : MacFlags);
        if (opened < 0) return false; // opening it in the usual way says why

        using var handle = new SafeFileHandle(opened, ownsHandle: true);
        try
        {
            RandomAccess.GetLength(handle);
            return false;
        }
        catch (NotSupportedException)
        {
            return true;
        }
    }

    /// <summary>O_RDONLY | O_NONBLOCK | O_CLOEXEC, of fcntl.h.</summary>
    const int LinuxFlags = 0x800 | 0x80000;
    const int MacFlags = 0x4 | 0x1000000;

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    static extern int OpenWithoutWaiting([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);
}
