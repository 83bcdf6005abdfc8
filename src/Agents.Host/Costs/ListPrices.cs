using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Postgres;
using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Costs;

/// <summary>A published price list.</summary>
/// <param name="From">When it comes, or came, into force.</param>
/// <param name="Tenant">Whose contract it is. Null when it holds for all.</param>
/// <param name="IsShipped">It came with the server. Imported lists come before it.</param>
/// <param name="IsInForce">It is the one of its kind that holds for the caller now.</param>
/// <param name="Models">Names and patterns in it.</param>
public sealed record PriceListView(string Version, DateTimeOffset From, string? Tenant, bool IsShipped, bool IsInForce, int Models);

/// <summary>The price of a model: what the caller pays now.</summary>
/// <param name="Version">The list that says so.</param>
/// <param name="Entry">The name or pattern in it, with prices in US dollars per million tokens.</param>
public sealed record ModelPriceView(string Model, string Version, PriceListEntry Entry);

/// <summary>The published price lists, newest first.</summary>
public static class ListPricesEndpoint
{
    [WolverineGet("/prices")]
    public static async Task<Page<PriceListView>> Get(Prices prices, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        var book = await prices.Book(ct);
        var inForce = new HashSet<string>(StringComparer.Ordinal);
        for (var list = book.InForce(tenant, clock.GetUtcNow()); list is not null; list = list.Otherwise) inForce.Add(list.Version);
        return new(
            [.. book.Published.Where(list => list.Tenant is null || list.Tenant == tenant).OrderByDescending(list => list.Number).Select(list => new PriceListView(
                list.Prices.Version, list.From, list.Tenant, list.IsShipped, inForce.Contains(list.Prices.Version), list.Prices.Entries.Count))],
            null);
    }
}

/// <summary>What a model costs the caller now, by <c>model</c> and, if need be, <c>tier</c>.</summary>
public static class GetModelPriceEndpoint
{
    const int NameCharacters = 200;

    [WolverineGet("/prices/model"), ProducesResponseType<ModelPriceView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get([FromQuery] string? model, [FromQuery] string? tier, Prices prices, HttpContext http, CancellationToken ct)
    {
        await prices.Book(ct);
        var list = await prices.InForce(Caller.Of(http).Tenant, ct);
        return model is not null && list.Find(model, tier) is var (_, version, entry)
            ? Results.Ok(new ModelPriceView(model, version, entry))
            : Results.Problem(
                statusCode: 404, title: "No price",
                detail: $"No price list in force knows the model {(model is null ? "(none)" : $"\"{Sanitiser.Text(model, NameCharacters)}\"")}{(tier is null ? "" : $" in tier {Sanitiser.Text(tier, NameCharacters)}")}.");
    }
}
