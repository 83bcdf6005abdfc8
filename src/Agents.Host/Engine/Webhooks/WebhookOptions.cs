using Agents.Host.Platform;

namespace Agents.Host.Engine.Webhooks;

/// <summary>Settings of section <c>Webhooks</c>: where events are posted, and the secret that signs them.</summary>
/// <param name="Urls">As <c>Webhooks:Urls:0</c>, <c>Webhooks:Urls:1</c> and so on. Empty means no webhooks.</param>
public sealed record WebhookOptions(IReadOnlyList<Uri> Urls)
{
    /// <summary>Begins a secret, as Standard Webhooks writes it.</summary>
    const string SecretPrefix = "whsec_";

    const int MostUrls = 8;

    /// <summary>The key of the signatures, from <c>Webhooks:Secret</c>; empty when there are no webhooks.</summary>
    internal ReadOnlyMemory<byte> Secret { get; private init; }

    /// <exception cref="StartRefusedException">An address or the secret cannot be used; the message names the key, never the secret.</exception>
    public static WebhookOptions From(IConfiguration configuration)
    {
        var section = configuration.GetSection("Webhooks");
        var written = section.GetSection("Urls").GetChildren().Select(url => url.Value?.Trim() ?? "").Where(url => url.Length > 0).ToList();
        if (written.Count == 0) return new([]);
        if (written.Count > MostUrls) throw new StartRefusedException($"Webhooks:Urls names {written.Count} addresses; {MostUrls} are allowed.");

        return new([.. written.Select(UrlOf)]) { Secret = SecretOf(section["Secret"]) };
    }

    /// <summary>What may be logged.</summary>
    public override string ToString() => string.Join(", ", Urls.Select(url => url.Host));

    static Uri UrlOf(string written) => Uri.TryCreate(written, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo == ""
        ? url
        : throw new StartRefusedException($"Webhooks:Urls has {written}; it must be an http or https address without a user name.");

    static byte[] SecretOf(string? written)
    {
        var key = new byte[64];
        return written?.Trim() is { } secret && secret.StartsWith(SecretPrefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(secret[SecretPrefix.Length..], key, out var length) && length >= 24
                ? key[..length]
                : throw new StartRefusedException($"Webhooks:Secret (Webhooks__Secret) must be {SecretPrefix} and 24 to 64 bytes in Base64, such as {SecretPrefix}$(openssl rand -base64 32).");
    }
}
