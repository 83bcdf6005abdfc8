using System.Security.Cryptography;
using NSec.Cryptography;

namespace Agents.Host.Engine.Evidence;

/// <summary>An Ed25519 key that signs checkpoints.</summary>
public sealed class SigningKey
{
    const int KeyBytes = 32;
    const int IdBytes = 8;

    readonly byte[] seed;

    SigningKey(byte[] seed)
    {
        this.seed = seed;
        using var key = Import();
        PublicKey = key.PublicKey.Export(KeyBlobFormat.RawPublicKey);
    }

    public byte[] PublicKey { get; }

    /// <summary>Names the key: the first half of 16 bytes of the SHA-256 of the public key, in hex.</summary>
    public string Id => IdOf(PublicKey);

    /// <summary>Null when it is no key of 32 bytes in Base64.</summary>
    public static SigningKey? Parse(string written) => BytesOf(written) is { } bytes ? new(bytes) : null;

    /// <summary>The bytes of a key, public or not. Null when it is not 32 bytes in Base64.</summary>
    public static byte[]? BytesOf(string written)
    {
        var bytes = new byte[KeyBytes + 1];
        return Convert.TryFromBase64String(written.Trim(), bytes, out var length) && length == KeyBytes ? bytes[..KeyBytes] : null;
    }

    /// <summary>A new key, as it is written in a file.</summary>
    public static string Create() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    public static string IdOf(byte[] publicKey) => Convert.ToHexStringLower(SHA256.HashData(publicKey).AsSpan(0, IdBytes));

    public byte[] Sign(byte[] hash)
    {
        using var key = Import();
        return SignatureAlgorithm.Ed25519.Sign(key, hash);
    }

    public static bool IsSigned(byte[] publicKey, byte[] hash, byte[] signature) =>
        NSec.Cryptography.PublicKey.TryImport(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out var key)
        && SignatureAlgorithm.Ed25519.Verify(key!, hash, signature);

    /// <summary>It is never written out: the type shows its name alone.</summary>
    public override string ToString() => Id;

    Key Import() => Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
}
