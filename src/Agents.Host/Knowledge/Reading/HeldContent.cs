using System.Security.Cryptography;

namespace Agents.Host.Knowledge.Reading;

/// <summary>A document's content until its turn comes: small ones in memory, others in a file that goes away with it.</summary>
sealed class HeldContent : IAsyncDisposable
{
    const int InMemory = 64 * 1024;
    const int Buffer = 81_920;

    Stream held = new MemoryStream();

    HeldContent()
    {
    }

    /// <summary>In bytes.</summary>
    public long Length { get; private set; }

    /// <summary>SHA-256.</summary>
    public byte[] Hash { get; private set; } = [];

    /// <summary>The whole content, or null when it is longer than a document may be; then it is not read to its end.</summary>
    public static async Task<HeldContent?> Read(Stream content, long most, CancellationToken ct)
    {
        var whole = new HeldContent();
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[Buffer];
            for (int read; (read = await content.ReadAsync(buffer, ct)) > 0;)
            {
                whole.Length += read;
                if (whole.Length > most)
                {
                    await whole.DisposeAsync();
                    return null;
                }

                hash.AppendData(buffer, 0, read);
                await whole.Add(buffer.AsMemory(0, read), ct);
            }

            whole.Hash = hash.GetHashAndReset();
            return whole;
        }
        catch
        {
            await whole.DisposeAsync();
            throw;
        }
    }

    /// <summary>Writes the content.</summary>
    public Task CopyTo(Stream destination, CancellationToken ct)
    {
        held.Position = 0;
        return held.CopyToAsync(destination, Buffer, ct);
    }

    public ValueTask DisposeAsync() => held.DisposeAsync();

    async Task Add(ReadOnlyMemory<byte> piece, CancellationToken ct)
    {
        if (held is MemoryStream small && Length > InMemory)
        {
            held = NewFile();
            await held.WriteAsync(small.GetBuffer().AsMemory(0, (int)small.Length), ct);
        }

        await held.WriteAsync(piece, ct);
    }

    /// <summary>A file that only this account can read, and that is gone with the process, however that ends, if not before.</summary>
    static FileStream NewFile()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None,
            Options = FileOptions.Asynchronous | FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}"), options);
        if (!OperatingSystem.IsWindows()) File.Delete(file.Name); // it has no name from now on, and lives as long as it is open
        return file;
    }
}
