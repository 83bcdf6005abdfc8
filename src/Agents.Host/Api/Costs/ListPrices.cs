using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Agents.Host.Postgres;
using Wolverine.Http;

namespace Agents.Host.Api.Costs;

/// <summary>A published price list.</summary>
/// <param name="From">When it comes, or came, into force.</param>
/// <param name="Tenant">Whose contract it is. Null when it holds for all.</param>
/// <param name="IsShipped">It came with the server. Imported lists come before it.</param>
/// <param name="IsInForce">It is the one of its kind that holds for the caller now.</param>
/// <param name="Models">Names and patterns in it.</param>
public sealed record PriceListView(string Version, DateTimeOffset From, string? Tenant, bool IsShipped, bool IsInForce, int Models);

/// <summary>The published price lists, newest first.</summary>
public static class ListPricesEndpoint
{
    [WolverineGet("/prices"), Requires(Permissions.Costs)]
    public static async Task<Page<PriceListView>> Get(Prices prices, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        var book = await prices.Book(ct);
        var inForce = new HashSet<string>(StringComparer.Ordinal);
        for (var list = book.InForce(tenant, clock.GetUtcNow()); list is not null; list = list.Otherwise) inForce.Add(list.Version);
        return new(
            [.. book.Published.Where(list => list.Tenant is null || list.Tenant == tenant).OrderByDescending(list => list.Number)
                .Select(list => new PriceListView(
                list.Prices.Version, list.From, list.Tenant, list.IsShipped, inForce.Contains(list.Prices.Version), list.Prices.Entries.Count))],
            null);
    }
}
