using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;

namespace Agents.Host.Tests.Cli;

public sealed class FormatsTests
{
    [Theory]
    [InlineData("0", "$0.00")]
    [InlineData("0.000123", "$0.000123")]
    [InlineData("0.00000001", "$0.00000001")]
    [InlineData("0.000000001", "under $0.00000001")]
    [InlineData("0.5", "$0.50")]
    [InlineData("1.2345", "$1.2345")]
    [InlineData("1234.5", "$1,234.50")]
    public void Small_money_keeps_its_digits_and_large_money_is_rounded(string usd, string shown) =>
        Assert.Equal(shown, Formats.Usd(decimal.Parse(usd, System.Globalization.CultureInfo.InvariantCulture)));

    [Fact]
    public void A_cost_without_a_price_is_unknown_and_not_zero() => Assert.Equal("cost unknown", Formats.Cost(0, 2, null));

    [Fact]
    public void Calls_of_unknown_cost_are_named_beside_what_is_known() =>
        Assert.Equal("$0.10 and 2 calls of unknown cost", Formats.Cost(0.10m, 2, null));

    [Fact]
    public void Unconfirmed_spend_is_added_with_its_upper_bound() =>
        Assert.Equal("$0.10, up to $0.02 more", Formats.Cost(0.10m, 0, new UnconfirmedView(1, 0.01m, 0.02m)));

    [Fact]
    public void Unconfirmed_spend_without_a_price_has_no_upper_bound() => Assert.Equal("$0.00 or more on top", Formats.Unconfirmed(new(1, 0, null)));

    [Fact]
    public void Tokens_of_all_buckets_are_counted() =>
        Assert.Equal("1,234 in / 300 out tokens", Formats.Tokens(new(900, 240, 200, 30, 4, 50, 100, 10)));

    [Theory]
    [InlineData(0.0004, "0 ms")]
    [InlineData(0.042, "42 ms")]
    [InlineData(2.06, "2.1 s")]
    [InlineData(125, "2 min 5 s")]
    [InlineData(7260, "2 h 1 min")]
    [InlineData(90_000, "1 d 1 h")]
    public void A_duration_has_the_unit_that_fits(double seconds, string shown) =>
        Assert.Equal(shown, Formats.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(1, "1 passage")]
    [InlineData(0, "0 passages")]
    [InlineData(1200, "1,200 passages")]
    public void Things_are_counted_in_the_plural_where_it_is_not_one(long number, string shown) =>
        Assert.Equal(shown, Formats.Count(number, "passage"));
}
