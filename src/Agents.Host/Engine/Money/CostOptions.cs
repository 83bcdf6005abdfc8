using Agents.Host.Platform;

namespace Agents.Host.Engine.Money;

/// <summary>Settings of section <c>Costs</c>.</summary>
public sealed record CostOptions
{
    static readonly WordSetting<UnpricedModels> Unpriced = new("Costs:UnpricedModels", UnpricedModels.Unbudgeted);

    public static IReadOnlyList<Setting> Settings => [Unpriced];

    /// <summary>Whether a model without a price may be called; its calls are then of unknown cost.</summary>
    public UnpricedModels UnpricedModels { get; init; } = Unpriced.Default;

    /// <exception cref="StartRefusedException">The value is none of them; the message names the key.</exception>
    public static CostOptions From(IConfiguration configuration) => new() { UnpricedModels = Unpriced.Read(configuration) };
}

/// <summary>Who may call a model that has no price.</summary>
public enum UnpricedModels
{
    /// <summary>Runs on which no budget bears.</summary>
    Unbudgeted,

    /// <summary>All; no budget is charged.</summary>
    Allow,

    /// <summary>None: the run parks.</summary>
    Refuse,
}
