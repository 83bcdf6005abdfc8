using System.Security.Cryptography;
using System.Text;

namespace Agents.Host.Http;

/// <summary>
/// How a program on this machine knows that what listens on a port is the server that wrote its address into the data directory, and not a program
/// that has taken the port since: the server answers a number, used once, with a code that takes the secret beside the address. The port is in the
/// code, so that nobody can pass the question on to the server at its new port.
/// </summary>
public sealed class ServerProof
{
    const int SecretBytes = 32;

    /// <summary>Longest question that is answered.</summary>
    public const int NonceCharacters = 64;

    /// <summary>256 random bits of this process, as lower-case hexadecimal.</summary>
    public string Secret { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>HMAC-SHA-256, as lower-case hexadecimal.</summary>
    public static string Of(string secret, int port, string nonce) => Convert.ToHexStringLower(
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(FormattableString.Invariant($"agents {port} {nonce}"))));
}
