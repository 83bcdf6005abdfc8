namespace Agents.Domain.Costs;

/// <summary>Every published price list, and which of them hold for whom and when.</summary>
/// <remarks>
/// A tenant's own contract comes before imported lists, and those before the list that came with the server; of each kind the one that came
/// into force last holds. What a list does not know is looked up in the next kind.
/// </remarks>
public sealed record PriceBook(IReadOnlyList<PublishedPrices> Published)
{
    /// <summary>The prices in force for a tenant at a moment; null when nothing was in force.</summary>
    public PriceList? InForce(string tenant, DateTimeOffset at) => new[]
        {
            Published.Where(list => list.Tenant == tenant),
            Published.Where(list => list.Tenant is null && !list.IsShipped),
            Published.Where(list => list.Tenant is null && list.IsShipped),
        }
        .Select(kind => kind.Where(list => list.From <= at).OrderBy(list => list.From).ThenBy(list => list.Number).LastOrDefault())
        .Reverse()
        .Aggregate((PriceList?)null, (otherwise, list) => list is null ? otherwise : list.Prices with { Otherwise = otherwise });

    /// <summary>The list of that version; null when none was published.</summary>
    public PublishedPrices? Find(string version) => Published.FirstOrDefault(list => list.Prices.Version == version);
}

/// <summary>A price list that was published.</summary>
/// <param name="Number">In the order of publishing.</param>
/// <param name="From">When it comes into force.</param>
/// <param name="Tenant">Whose contract it is. Null when it holds for all.</param>
/// <param name="IsShipped">It came with the server.</param>
public sealed record PublishedPrices(PriceList Prices, long Number, DateTimeOffset From, string? Tenant, bool IsShipped);
