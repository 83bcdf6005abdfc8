using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Agents.Host.Http;

/// <summary>A key as the database keeps it: who it stands for, but not the secret.</summary>
/// <param name="Id">Names the key in lists; it opens nothing.</param>
/// <param name="LastUsedAt">To the minute. Null when it was never used.</param>
/// <param name="RevokedAt">Null while it opens, and when it has only expired.</param>
/// <param name="ExpiresAt">From then on it opens nothing, by the database's clock. Null when it never expires.</param>
/// <param name="CreatedBy">The user of the machine who made it. Null for keys older than this field.</param>
/// <param name="RevokedBy">The user of the machine who revoked it. Null when it was not revoked.</param>
public sealed partial record ApiKey(
    string Id, string Tenant, string Role, string Name, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt,
    DateTimeOffset? ExpiresAt = null, string? CreatedBy = null, string? RevokedBy = null)
{
    /// <summary>Every key begins with this, so that scanners find keys that were committed or logged by mistake.</summary>
    public const string Prefix = "agents_";

    const int SecretBytes = 32;

    /// <summary>256 random bits. Shown once, when it is made.</summary>
    public static string NewSecret() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    public static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));

    /// <summary>SHA-256; enough for 256 random bits, which cannot be guessed.</summary>
    public static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>What a tenant may be called: 1 to 64 of a-z, 0-9, dot, hyphen and underscore, beginning with a letter or digit.</summary>
    public static bool IsTenant(string name) => TenantName().IsMatch(name);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z")]
    private static partial Regex TenantName();
}
