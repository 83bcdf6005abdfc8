using Agents.Host.Platform;

namespace Agents.Host.Http;

/// <summary>Settings of section <c>Callers</c>: how much one key may ask of this node. Where no key is needed, nothing is bounded.</summary>
public sealed record CallerOptions
{
    /// <summary>Below it, origins by their number.</summary>
    public const string OriginsKey = "Callers:Origins";

    const int MostOrigins = 32;

    static readonly NumberSetting Rate = new("Callers:RequestsPerSecond", Default: 200, Least: 0, Most: 100_000);
    static readonly NumberSetting AtOnce = new("Callers:Burst", Default: 2000, Least: 1, Most: 1_000_000);
    static readonly NumberSetting Open = new("Callers:OpenRequests", Default: 200, Least: 0, Most: 100_000);

    public static IReadOnlyList<Setting> Settings => [Rate, AtOnce, Open];

    /// <summary>Requests of a key each second, over time. 0 means no bound.</summary>
    public int RequestsPerSecond { get; init; } = Rate.Default;

    /// <summary>Requests of a key that was quiet for a while, all at once.</summary>
    public int Burst { get; init; } = AtOnce.Default;

    /// <summary>Streams, and answers that are waited for, of a key at the same time. 0 means no bound.</summary>
    public int OpenRequests { get; init; } = Open.Default;

    /// <summary>Sites whose pages may call this server from a browser, such as <c>https://app.example</c>. They send a key like every caller.</summary>
    public IReadOnlyList<string> Origins { get; init; } = [];

    /// <exception cref="StartRefusedException">A value is no number or no origin, or out of range; the message names the key.</exception>
    public static CallerOptions From(IConfiguration configuration) => new()
    {
        RequestsPerSecond = Rate.Read(configuration),
        Burst = AtOnce.Read(configuration),
        OpenRequests = Open.Read(configuration),
        Origins = OriginsOf(configuration),
    };

    static string[] OriginsOf(IConfiguration configuration)
    {
        var written = configuration.GetSection(OriginsKey).GetChildren().Where(origin => !string.IsNullOrWhiteSpace(origin.Value)).ToList();
        return written.Count <= MostOrigins
            ? [.. written.Select(OriginOf)]
            : throw new TextSetting(OriginsKey, "none", "origins").Refusal($"names {written.Count} origins; {MostOrigins} are allowed.");
    }

    /// <summary>As a browser writes it: scheme, host and port, and nothing after them. A star would let in every page there is.</summary>
    static string OriginOf(IConfigurationSection written)
    {
        var origin = written.Value!.Trim().TrimEnd('/');
        return Uri.TryCreate(origin, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.GetLeftPart(UriPartial.Authority) == origin
            ? origin
            : throw new TextSetting(written.Path, "none", "an origin").Refusal($"is '{written.Value}'; it must be an origin such as https://app.example.");
    }
}
