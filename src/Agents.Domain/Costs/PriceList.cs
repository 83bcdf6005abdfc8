namespace Agents.Domain.Costs;

/// <summary>The prices in force, under one version name. A published version never changes.</summary>
/// <param name="Entries">Order does not matter: the exact name wins, else the longest prefix.</param>
public sealed record PriceList(string Version, IReadOnlyList<PriceListEntry> Entries)
{
    /// <summary>The price of a model, or null when the list does not know it.</summary>
    public Price? For(string model) =>
        (Entries.FirstOrDefault(entry => entry.Model == model)
         ?? Entries.Where(entry => entry.IsPrefixOf(model)).MaxBy(entry => entry.Model.Length))?.Price;

    /// <summary>Prices a call, or null when the model has no price here: unknown is not free.</summary>
    /// <exception cref="OverflowException">A bucket is negative or above <see cref="Price.MaxTokens"/>.</exception>
    public Cost? Of(string model, Usage usage) => For(model) is { } price ? new Cost(price.Of(usage), Version) : null;

    /// <summary>The most a call of this size can cost, to reserve before it; null when the model has no price here.</summary>
    /// <exception cref="OverflowException">A number is negative or above <see cref="Price.MaxTokens"/>.</exception>
    public decimal? UpperBound(string model, long inputTokensAtMost, long outputTokensAtMost) =>
        For(model)?.UpperBound(inputTokensAtMost, outputTokensAtMost);
}

/// <summary>One model's price.</summary>
/// <param name="Model">The model's exact name, or a prefix followed by <c>*</c>. Case counts.</param>
public sealed record PriceListEntry(string Model, Price Price)
{
    /// <summary>Whether the name ends in <c>*</c> and the model begins with what stands before it.</summary>
    public bool IsPrefixOf(string model) => Model.EndsWith('*') && model.AsSpan().StartsWith(Model.AsSpan(0, Model.Length - 1));
}
