using Agents.Host.Platform;

namespace Agents.Host.Http;

/// <summary>Settings of section <c>Callers</c>: how much one key may ask of this node. Where no key is needed, nothing is bounded.</summary>
public sealed record CallerOptions
{
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

    /// <exception cref="StartRefusedException">A value is no number, or out of range; the message names the key.</exception>
    public static CallerOptions From(IConfiguration configuration) => new()
    {
        RequestsPerSecond = Rate.Read(configuration),
        Burst = AtOnce.Read(configuration),
        OpenRequests = Open.Read(configuration),
    };
}
