namespace Agents.Domain.Costs;

/// <summary>Prices under one version name. A published version never changes.</summary>
/// <param name="Entries">Order does not matter: the exact name wins, else the pattern with the most letters.</param>
/// <param name="Otherwise">The list that is asked when this one does not know a model. Null when there is none.</param>
public sealed record PriceList(string Version, IReadOnlyList<PriceListEntry> Entries, PriceList? Otherwise = null)
{
    /// <summary>
    /// Names of services that OpenAI, Azure, Anthropic and Groq sell apart from the usual one. Every other name, such as a compatible server's
    /// <c>on_demand</c>, is one for the usual service, unless a list prices it.
    /// </summary>
    static readonly string[] SoldApart = [BatchTier, "flex", "priority", "scale", "performance"];

    const string BatchTier = "batch";

    /// <summary>
    /// The entry of providers for whose models prices are asked. Prices of <c>entry/model</c>, exact or by a pattern that begins with the entry, come
    /// before those of <c>model</c> in each list. Null for the main provider.
    /// </summary>
    public string? Provider { get; init; }

    /// <summary>The same lists, as they hold for the models of an entry.</summary>
    public PriceList At(string? provider) => this with { Provider = provider };

    /// <summary>The price of a model, or null when no list knows it.</summary>
    /// <param name="serviceTier">
    /// As the provider named it; null, <c>default</c>, <c>standard</c> and names that nobody knows mean the usual one. A tier that is sold apart and
    /// has no price of its own is not known: it may be dearer.
    /// </param>
    public Price? For(string model, string? serviceTier = null) => Find(model, serviceTier)?.Price;

    /// <summary>The version of the list that knows the model, or null when none does.</summary>
    public string? VersionFor(string model, string? serviceTier = null) => Find(model, serviceTier)?.Version;

    /// <summary>Prices a call, or null when the model, or something that the call used of it, has no price here: unknown is not free.</summary>
    /// <exception cref="OverflowException">
    /// A bucket is negative or above <see cref="Price.MaxTokens"/>, or the searches above <see cref="Price.MaxWebSearches"/>.
    /// </exception>
    public Cost? Of(string model, Usage usage, string? serviceTier = null) =>
        Find(model, serviceTier) is { } found && found.Price.Of(usage) is { } usd ? new Cost(usd, found.Version, found.Price.AppliedTo(usage)) : null;

    /// <summary>The most a call of this size can cost, to reserve before it; null when the model has no price here.</summary>
    /// <exception cref="OverflowException">A number is negative or above <see cref="Price.MaxTokens"/>.</exception>
    public decimal? UpperBound(string model, long inputTokensAtMost, long outputTokensAtMost) =>
        For(model)?.UpperBound(inputTokensAtMost, outputTokensAtMost);

    /// <summary>The entry a model is priced by, in whichever list knows it; null when none does.</summary>
    public (Price Price, string Version, PriceListEntry Entry)? Find(string model, string? serviceTier = null)
    {
        var tier = serviceTier?.ToLowerInvariant() is { } named && (SoldApart.Contains(named) || Prices(named)) ? named : null;
        for (var list = this; list is not null; list = list.Otherwise)
            if (list.OwnOrCommon(Provider, model, tier) is var (price, entry)) return (price, list.Version, entry);
        return null;
    }

    (Price, PriceListEntry)? OwnOrCommon(string? provider, string model, string? tier)
    {
        if (provider is null) return PriceOf(Entries, model, tier);
        var prefix = $"{provider}/";
        var own = Entries.Where(entry => entry.Model.StartsWith(prefix, StringComparison.Ordinal));
        return PriceOf(own, prefix + model, tier) ?? PriceOf(Entries, model, tier);
    }

    /// <summary>Whether this list, or one asked after it, has a price of its own for the tier.</summary>
    bool Prices(string tier) => Entries.Any(entry => entry.ServiceTier == tier) || Otherwise?.Prices(tier) is true;

    /// <param name="tier">Null for the usual one.</param>
    static (Price, PriceListEntry)? PriceOf(IEnumerable<PriceListEntry> entries, string model, string? tier)
    {
        if (EntryOf(entries, model, tier) is { } entry) return (entry.Price, entry);
        return tier is BatchTier && EntryOf(entries, model, null) is { BatchFactor: { } factor } whole ? (whole.Price.Times(factor), whole) : null;
    }

    static PriceListEntry? EntryOf(IEnumerable<PriceListEntry> entries, string model, string? tier)
    {
        var ofTier = entries.Where(entry => entry.ServiceTier == tier);
        return ofTier.FirstOrDefault(entry => entry.Model == model)
            ?? ofTier.Where(entry => entry.IsPatternOf(model)).MaxBy(entry => entry.Model.Length);
    }
}

/// <summary>One model's price.</summary>
/// <param name="Model">The model's exact name, or a pattern in which each <c>*</c> stands for any letters or none. Case counts.</param>
/// <param name="ServiceTier">The tier these prices hold for, lower case, such as <c>flex</c> or <c>priority</c>. Null for the usual one.</param>
/// <param name="BatchFactor">What a batch costs of these prices, such as 0.5. Null when the model has no batches or their price is not known.</param>
/// <param name="Provider">The provider whose price it is. Null when the list does not say.</param>
/// <param name="Source">Where the price was read. Null when the list does not say.</param>
/// <param name="Checked">When it was read there. Null when the list does not say.</param>
public sealed record PriceListEntry(
    string Model, Price Price, string? ServiceTier = null, decimal? BatchFactor = null, string? Provider = null, string? Source = null,
    DateOnly? Checked = null)
{
    /// <summary>Whether the name holds a <c>*</c> and the model fits it.</summary>
    public bool IsPatternOf(string model)
    {
        var parts = Model.Split('*');
        if (parts.Length == 1 || !model.StartsWith(parts[0], StringComparison.Ordinal)) return false;

        var at = parts[0].Length;
        foreach (var part in parts[1..^1])
        {
            var found = model.IndexOf(part, at, StringComparison.Ordinal);
            if (found < 0) return false;
            at = found + part.Length;
        }

        return model.Length - at >= parts[^1].Length && model.EndsWith(parts[^1], StringComparison.Ordinal);
    }
}
