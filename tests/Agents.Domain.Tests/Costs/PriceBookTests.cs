using Agents.Domain.Costs;

namespace Agents.Domain.Tests.Costs;

public sealed class PriceBookTests
{
    static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly PriceBook Book = new([
        List("shipped", 1, 0, isShipped: true, ("a", 1), ("b", 1), ("c", 1)),
        List("imported", 2, 10, isShipped: false, ("a", 2), ("b", 2)),
        List("newer", 3, 20, isShipped: false, ("a", 3)),
        List("acme", 4, 5, isShipped: false, ("b", 4)) with { Tenant = "acme" },
        List("shipped-later", 5, 30, isShipped: true, ("a", 5), ("c", 5)),
    ]);

    [Theory]
    [InlineData("anybody", 0, "a", "shipped")]
    [InlineData("anybody", 10, "a", "imported")]
    [InlineData("anybody", 10, "c", "shipped")]
    [InlineData("anybody", 20, "a", "newer")]
    [InlineData("anybody", 20, "b", "shipped")]
    [InlineData("anybody", 30, "a", "newer")]
    [InlineData("anybody", 30, "c", "shipped-later")]
    [InlineData("acme", 0, "b", "shipped")]
    [InlineData("acme", 30, "b", "acme")]
    [InlineData("acme", 30, "a", "newer")]
    public void A_contract_comes_before_what_was_imported_and_that_before_what_came_with_the_server(
        string tenant, int day, string model, string version)
    {
        var inForce = Book.InForce(tenant, Start.AddDays(day))!;

        Assert.Equal(version, inForce.VersionFor(model));
        Assert.Equal(version, inForce.Of(model, new(1, 1))?.PriceVersion);
    }

    [Fact]
    public void Before_the_first_list_nothing_has_a_price() => Assert.Null(Book.InForce("acme", Start.AddDays(-1)));

    [Theory]
    [InlineData("gpt-4o", null, 2)]
    [InlineData("gpt-4o", "default", 2)]
    [InlineData("gpt-4o", "Standard", 2)]
    [InlineData("gpt-4o", "priority", 4)]
    [InlineData("gpt-4o", "batch", 1)]
    [InlineData("gpt-4o", "flex", null)]
    [InlineData("gpt-4o", "on_demand", 2)]
    [InlineData("gpt-4o", "whatever", 2)]
    [InlineData("plain", "batch", null)]
    public void A_service_tier_has_its_own_price_or_none(string model, string? tier, int? input)
    {
        var list = new PriceList("v", [
            new("gpt-4o", new(2, 8), BatchFactor: 0.5m), new("gpt-4o", new(4, 16), "priority"), new("plain", new(1, 1)),
        ]);

        Assert.Equal(input, (int?)list.For(model, tier)?.Input);
    }

    [Theory]
    [InlineData("*-mini", "gpt-mini", true)]
    [InlineData("*-mini", "gpt-mini-2", false)]
    [InlineData("*audio*", "gpt-audio-2", true)]
    [InlineData("a*b*c", "abc", true)]
    [InlineData("a*b*c", "aXbYc", true)]
    [InlineData("a*b*c", "acb", false)]
    [InlineData("ab*ba", "aba", false)]
    [InlineData("gpt", "gpt", false)]
    public void A_star_stands_for_any_letters_or_none(string pattern, string model, bool fits) =>
        Assert.Equal(fits, new PriceListEntry(pattern, new(1, 1)).IsPatternOf(model));

    [Fact]
    public void A_cost_keeps_the_prices_that_applied()
    {
        var price = new Price(1, 2, CachedInput: 0.5m, LongInput: new(100, new(3, 4)));
        var list = new PriceList("v", [new("m", price)]);

        Assert.Equal(new Price(1, 2, 0.5m, 1, 1, 2), list.Of("m", new(100, 1))!.Unit);
        Assert.Equal(new Price(3, 4, 3, 3, 3, 4), list.Of("m", new(101, 1))!.Unit);
    }

    static PublishedPrices List(string version, long number, int day, bool isShipped, params (string Model, decimal Usd)[] prices) =>
        new(new(version, [.. prices.Select(price => new PriceListEntry(price.Model, new(price.Usd, price.Usd)))]), number, Start.AddDays(day), null,
            isShipped);
}
