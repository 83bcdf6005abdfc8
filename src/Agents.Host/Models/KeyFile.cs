using Agents.Host.Platform;

namespace Agents.Host.Models;

/// <summary>A file that holds an API key and nothing else. It is read for each call, so that a key changes without a restart.</summary>
/// <remarks>While the file cannot be read, as for a moment when it is replaced, the key that was read last is sent.</remarks>
public sealed class KeyFile
{
    const int MostBytes = 8192;

    const UnixFileMode ByOthers = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    readonly string path;
    volatile string latest;

    KeyFile(string path, string key) => (this.path, latest) = (path, key);

    /// <param name="setting">The setting that names the file.</param>
    /// <exception cref="StartRefusedException">
    /// It is not there, open to all accounts of the machine, or holds no key. The message never has the key.
    /// </exception>
    public static KeyFile Open(Setting setting, string path)
    {
        try
        {
            using var file = RegularFile.Open(path);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & ByOthers) != 0)
                throw setting.Refusal(
                    $"names {path}, which every account of this machine may read or write; allow it to the server's own: chmod 640.");
            return new(path, KeyIn(path) ?? throw setting.Refusal($"names {path}, which holds no key of one line, such as sk-…."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw setting.Refusal($"names {path}, which cannot be read: {e.Message}");
        }
    }

    /// <summary>The key that is in the file now; the latest one when there is none to read.</summary>
    public string Current()
    {
        try
        {
            latest = KeyIn(path) ?? latest;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The provider will say if the key is not valid any more.
        }

        return latest;
    }

    /// <summary>Where it is; never what is in it.</summary>
    public override string ToString() => path;

    /// <summary>Null when the file holds nothing, or what no key can be.</summary>
    static string? KeyIn(string path)
    {
        using var file = RegularFile.Open(path);
        var bytes = new byte[MostBytes + 1]; // a device has no length that could be asked for
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > MostBytes) return null;
        using var reader = new StreamReader(new MemoryStream(bytes, 0, length));
        return reader.ReadToEnd().Trim() is { Length: > 0 } key && ModelOptions.MayBeKey(key) ? key : null;
    }
}
