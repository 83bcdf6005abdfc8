namespace Agents.Host.Costs;

/// <summary>Settings of section <c>Costs</c>.</summary>
public sealed record CostOptions
{
    /// <summary>Whether a model without a price may be called; its calls are then of unknown cost. <c>Costs:UnpricedModels</c>, allow (the default) or refuse.</summary>
    public bool MayBeUnpriced { get; init; } = true;

    /// <exception cref="StartRefusedException">The value is neither; the message names the key.</exception>
    public static CostOptions From(IConfiguration configuration) => configuration["Costs:UnpricedModels"]?.Trim().ToLowerInvariant() switch
    {
        null or "" or "allow" => new(),
        "refuse" => new() { MayBeUnpriced = false },
        var other => throw new StartRefusedException($"Costs:UnpricedModels (Costs__UnpricedModels) is {other}; it must be allow or refuse."),
    };
}
