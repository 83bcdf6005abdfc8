using Agents.Host.Platform;

namespace Agents.Host.Engine.Webhooks;

/// <summary>Settings of section <c>Webhooks</c>: where events are posted, and the secret that signs them.</summary>
/// <param name="Urls">As <c>Webhooks:Urls:0</c>, <c>Webhooks:Urls:1</c> and so on. Empty means no webhooks.</param>
public sealed record WebhookOptions(IReadOnlyList<Uri> Urls)
{
    /// <summary>Below it, addresses by their number.</summary>
    public const string UrlsKey = "Webhooks:Urls";

    /// <summary>Begins a secret, as Standard Webhooks writes it.</summary>
    const string SecretPrefix = "whsec_";

    const int MostUrls = 8;
    const int LeastSecretBytes = 24;
    const int MostSecretBytes = 64;

    static readonly TextSetting Addresses = new(UrlsKey, "none", "http or https addresses without a user name");
    static readonly TextSetting Signing = new("Webhooks:Secret", "none", "`whsec_` and 24 to 64 bytes in Base64");

    public static IReadOnlyList<Setting> Settings => [Signing];

    /// <summary>The key of the signatures, from <c>Webhooks:Secret</c>; empty when there are no webhooks.</summary>
    internal ReadOnlyMemory<byte> Secret { get; private init; }

    /// <exception cref="StartRefusedException">An address or the secret cannot be used; the message names the key, and shows neither.</exception>
    public static WebhookOptions From(IConfiguration configuration)
    {
        var written = configuration.GetSection(Addresses.Key).GetChildren().Where(url => !string.IsNullOrWhiteSpace(url.Value)).ToList();
        if (written.Count == 0) return new([]);
        if (written.Count > MostUrls) throw Addresses.Refusal($"names {written.Count} addresses; {MostUrls} are allowed.");

        return new([.. written.Select(UrlOf)]) { Secret = SecretOf(Signing.Read(configuration)) };
    }

    /// <summary>What may be logged.</summary>
    public override string ToString() => string.Join(", ", Urls.Select(url => url.Host));

    static Uri UrlOf(IConfigurationSection written) =>
        Uri.TryCreate(written.Value!.Trim(), UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo == ""
            ? url
            : throw new TextSetting(written.Path, Addresses.DefaultText, Addresses.RangeText)
                .Refusal("must be an http or https address without a user name.");

    static byte[] SecretOf(string? written)
    {
        var key = new byte[MostSecretBytes];
        return written is not null && written.StartsWith(SecretPrefix, StringComparison.Ordinal)
            && Convert.TryFromBase64String(written[SecretPrefix.Length..], key, out var length) && length >= LeastSecretBytes
                ? key[..length]
                : throw Signing.Refusal(
                    $"must be {SecretPrefix} and {LeastSecretBytes} to {MostSecretBytes} bytes in Base64, "
                    + $"such as {SecretPrefix}$(openssl rand -base64 32).");
    }
}
