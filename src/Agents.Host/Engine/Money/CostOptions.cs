using Agents.Host.Platform;

namespace Agents.Host.Engine.Money;

/// <summary>Settings of section <c>Costs</c>.</summary>
public sealed record CostOptions
{
    /// <summary>Whether a model without a price may be called; its calls are then of unknown cost. <c>Costs:UnpricedModels</c>: unbudgeted (the default), allow or refuse.</summary>
    public UnpricedModels UnpricedModels { get; init; } = UnpricedModels.Unbudgeted;

    /// <exception cref="StartRefusedException">The value is none of them; the message names the key.</exception>
    public static CostOptions From(IConfiguration configuration)
    {
        var text = configuration["Costs:UnpricedModels"]?.Trim();
        if (string.IsNullOrEmpty(text)) return new();
        if (!char.IsAsciiDigit(text[0]) && Enum.TryParse<UnpricedModels>(text, ignoreCase: true, out var models)) return new() { UnpricedModels = models };
        throw new StartRefusedException($"Costs:UnpricedModels (Costs__UnpricedModels) is {text}; it must be unbudgeted, allow or refuse.");
    }
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
