using System.Security.Cryptography;
using Microsoft.AspNetCore.WebUtilities;

namespace Agents.Host.Knowledge.Reading;

/// <summary>A document's content until its turn comes: small ones in memory, others in a file that goes away with it.</summary>
sealed class HeldContent : IAsyncDisposable
{
    const int InMemory = 64 * 1024;
    const int Buffer = 81_920;

    readonly FileBufferingWriteStream held = new(InMemory, tempFileDirectoryAccessor: Path.GetTempPath);

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
                await whole.held.WriteAsync(buffer.AsMemory(0, read), ct);
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

    /// <summary>Writes the content; once.</summary>
    public Task CopyTo(Stream destination, CancellationToken ct) => held.DrainBufferAsync(destination, ct);

    public ValueTask DisposeAsync() => held.DisposeAsync();
}
