using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Agents.Host.Engine.Evidence;

/// <summary>
/// The hash chain of a run, and the hash of a signed checkpoint, as <c>Evidence.sql</c> describes them. The database computes the chain when it stores
/// facts; this computes it again, from stored facts or from a file.
/// </summary>
public static class HashChain
{
    /// <summary>What the first hash of a run follows on.</summary>
    public static byte[] Begin(string tenant, Guid runId) => SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant} {runId}"));

    /// <summary>The next hash.</summary>
    /// <param name="facts">All that one transaction stored, in order; at least one.</param>
    public static byte[] Next(byte[] head, IEnumerable<ChainedFact> facts)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(head);
        sha.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', facts)));
        return sha.GetHashAndReset();
    }

    /// <summary>The hash of a checkpoint, which is what is signed.</summary>
    /// <param name="before">The hash of the checkpoint before. Null for the first.</param>
    public static byte[] OfCheckpoint(byte[]? before, long number, DateTimeOffset at, long beforeTx, string heads) => SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(before is null ? "none" : Convert.ToHexStringLower(before))}\n{number}\n{ChainedFact.Microseconds(at)}\n{beforeTx}\n{heads}\n")));
}

/// <summary>A fact as it is stored.</summary>
/// <param name="Data">The JSON to the letter.</param>
public readonly record struct ChainedFact(long Version, string Type, DateTimeOffset At, string Data)
{
    internal static long Microseconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Version} {Type} {Microseconds(At)} {Data}");
}
