using System.Globalization;
using System.Numerics;
using Agents.Domain.Costs;
using CsCheck;

namespace Agents.Domain.Tests.Costs;

public sealed class PriceListTests
{
    static readonly PriceList Prices = new("test", [
        new("gpt-4o*", new(2.50m, 10m, CachedInput: 1.25m)),
        new("gpt-4o-mini*", new(0.15m, 0.60m, CachedInput: 0.075m)),
        new("gpt-4o-mini-audio", new(7m, 7m)),
        new("claude-haiku-4-5*", new(1m, 5m, 0.10m, 1.25m, 2m)),
        new("thinker", new(1m, 2m, Reasoning: 3m)),
        new("long", new(2.5m, 15m, 0.25m, LongInput: new(272_000, new(5m, 22.5m, 0.5m)))),
        new("free", new(0m, 0m)),
        new("hears", new(2.5m, 10m, AudioInput: 40m, AudioOutput: 80m)),
        new("toll", new(1m, 2m, LongInput: new(1000, new(3m, 4m)), RequestFee: 0.005m, WebSearchFee: 0.01m), BatchFactor: 0.5m),
    ]);

    static readonly Gen<long> Tokens = Gen.OneOf(Gen.Long[0, 10], Gen.Long[0, 500_000], Gen.Long[0, Price.MaxTokens]);
    static readonly Gen<Usage> Texts = Gen.Select(Tokens, Tokens, Tokens, Tokens, Tokens, Tokens,
        (input, output, cached, write, writeHour, reasoning) => new Usage(input, output, cached, write, writeHour, reasoning));
    static readonly Gen<Usage> Usages = Gen.Select(Texts, Tokens, Tokens, Gen.Long[0, Price.MaxWebSearches],
        (text, heard, spoken, searches) => text with { AudioInputTokens = heard, AudioOutputTokens = spoken, WebSearches = searches });
    static readonly Gen<decimal> Usd = Gen.Long[0, 1_000_000_00000000].Select(hundredMillionths => hundredMillionths / 100_000_000m);
    static readonly Gen<decimal?> UsdOrNull = Gen.OneOf(Usd.Select(usd => (decimal?)usd), Gen.Const((decimal?)null));
    static readonly Gen<Price> TextPrice = Gen.Select(Usd, Usd, UsdOrNull, UsdOrNull, UsdOrNull, UsdOrNull,
        (input, output, cached, write, writeHour, reasoning) => new Price(input, output, cached, write, writeHour, reasoning));
    static readonly Gen<Price> AnyPrice = Gen.Select(TextPrice, UsdOrNull, UsdOrNull, UsdOrNull, UsdOrNull,
        (text, heard, spoken, request, search) =>
            text with { AudioInput = heard, AudioOutput = spoken, RequestFee = request, WebSearchFee = search });
    static readonly Gen<Price> FullPrice = Gen.Select(TextPrice, Usd, Usd, UsdOrNull, Usd,
        (text, heard, spoken, request, search) =>
            text with { AudioInput = heard, AudioOutput = spoken, RequestFee = request, WebSearchFee = search });

    public static TheoryData<string, Usage, string> Calls => new()
    {
        { "gpt-4o", new(1_000_000, 1_000_000), "12.50" },
        { "gpt-4o-mini", new(1000, 500), "0.00045" },
        { "gpt-4o-mini", new(200, 500, CachedInputTokens: 800), "0.00039" },
        { "gpt-4o-mini", new(200, 300, 800, ReasoningTokens: 200), "0.00039" },
        { "claude-haiku-4-5-20251001", new(10, 20, 1000, 2000, 3000), "0.00871" },
        { "thinker", new(1, 1, ReasoningTokens: 1), "0.000006" },
        { "thinker", new(0, 0, 1, 1, 1), "0.000003" },
        { "long", new(272_000, 1000), "0.695" },
        { "long", new(272_001, 1000), "1.382505" },
        { "long", new(1, 1000, CachedInputTokens: 272_000), "0.158505" },
        { "free", new(1_000_000, 1_000_000), "0" },
        { "gpt-4o", Usage.None, "0" },
        { "hears", new(1000, 100, AudioInputTokens: 2000, AudioOutputTokens: 300), "0.1075" },
        { "toll", Usage.None, "0.005" },
        { "toll", new(1000, 1000, WebSearches: 3), "0.038" },
        { "toll", new(1001, 1000, WebSearches: 3), "0.042003" },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public void Each_bucket_has_its_price(string model, Usage usage, string usd) =>
        Assert.Equal(new Cost(decimal.Parse(usd, CultureInfo.InvariantCulture), "test"), Prices.Of(model, usage)! with { Unit = null });

    [Theory]
    [InlineData("gpt-4o", 2.50)]
    [InlineData("gpt-4o-2024-11-20", 2.50)]
    [InlineData("gpt-4o-mini", 0.15)]
    [InlineData("gpt-4o-mini-2024-07-18", 0.15)]
    [InlineData("gpt-4o-mini-audio", 7)]
    [InlineData("gpt-4o-mini-audio-2", 0.15)]
    public void The_exact_name_wins_and_then_the_longest_prefix(string model, decimal input)
    {
        Assert.Equal(input, Prices.For(model)?.Input);
        Assert.Equal(input, (Prices with { Entries = [.. Prices.Entries.Reverse()] }).For(model)?.Input);
    }

    [Theory]
    [InlineData("gpt-4")]
    [InlineData("GPT-4o")]
    [InlineData("openai/gpt-4o")]
    [InlineData("longer")]
    [InlineData("")]
    public void An_unknown_model_has_no_price_which_is_not_zero(string model)
    {
        Assert.Null(Prices.For(model));
        Assert.Null(Prices.Of(model, new(1, 1)));
        Assert.Null(Prices.UpperBound(model, 1, 1));
    }

    [Fact]
    public void A_cost_is_the_exact_sum_of_its_buckets() => Gen.Select(AnyPrice, Usages).Sample((price, usage) =>
    {
        var tokens = price with { RequestFee = null };
        decimal?[] parts =
        [
            tokens.Of(new(usage.InputTokens, 0)), tokens.Of(new(0, usage.OutputTokens)), tokens.Of(new(0, 0, usage.CachedInputTokens)),
            tokens.Of(new(0, 0, 0, usage.CacheWrite5MinutesTokens)), tokens.Of(new(0, 0, 0, 0, usage.CacheWrite1HourTokens)),
            tokens.Of(new(0, 0, ReasoningTokens: usage.ReasoningTokens)), tokens.Of(new(0, 0, AudioInputTokens: usage.AudioInputTokens)),
            tokens.Of(new(0, 0, AudioOutputTokens: usage.AudioOutputTokens)), tokens.Of(new(0, 0, WebSearches: usage.WebSearches)),
            price.RequestFee ?? 0,
        ];

        if (price.Of(usage) is not { } cost)
        {
            Assert.Contains(null, parts);
            return;
        }

        Assert.Equal(parts.Sum(part => part!.Value), cost);
        Assert.Equal(ScaledByHand(price, usage), new BigInteger(cost * 1_000_000) * 100_000_000 + new BigInteger(cost * 1_000_000 % 1 * 100_000_000));
    });

    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    public void What_a_call_used_and_has_no_price_leaves_it_without_a_cost_and_is_never_priced_as_text(long heard, long spoken, long searches)
    {
        var usage = new Usage(1000, 100, AudioInputTokens: heard, AudioOutputTokens: spoken, WebSearches: searches);

        Assert.Null(Prices.Of("gpt-4o", usage));
        Assert.Null(Prices.Of("free", usage));
        Assert.Null(Prices.Of("long", usage with { InputTokens = 300_000 }));
    }

    [Fact]
    public void A_fee_is_the_same_for_a_long_input_and_for_a_batch()
    {
        Assert.Equal(new Price(3m, 4m, 3m, 3m, 3m, 4m, RequestFee: 0.005m, WebSearchFee: 0.01m), Prices.Of("toll", new(1001, 0))!.Unit);
        Assert.Equal(new Price(0.5m, 1m, 0.5m, 0.5m, 0.5m, 1m, RequestFee: 0.005m, WebSearchFee: 0.01m), Prices.Of("toll", new(1, 0), "batch")!.Unit);
    }

    [Fact]
    public void A_cost_is_never_negative_and_more_tokens_never_cost_less() => Gen.Select(FullPrice, Usages, Usages).Sample((price, usage, more) =>
    {
        var half = new Usage(usage.InputTokens / 2, usage.OutputTokens / 2, usage.CachedInputTokens / 2,
            usage.CacheWrite5MinutesTokens / 2, usage.CacheWrite1HourTokens / 2, usage.ReasoningTokens / 2,
            usage.AudioInputTokens / 2, usage.AudioOutputTokens / 2, usage.WebSearches / 2);

        Assert.True(price.Of(half) >= 0);
        Assert.True(price.Of(usage) >= price.Of(half));
    });

    [Fact]
    public void No_call_costs_more_than_its_upper_bound() =>
        Gen.Select(FullPrice, FullPrice, Usages, Gen.Long[0, 300_000]).Sample((price, longInput, usage, above) =>
    {
        usage = new(usage.InputTokens / 5, usage.OutputTokens / 3, usage.CachedInputTokens / 5,
            usage.CacheWrite5MinutesTokens / 5, usage.CacheWrite1HourTokens / 5, usage.ReasoningTokens / 3,
            usage.AudioInputTokens / 5, usage.AudioOutputTokens / 3); // nor searches: no request of ours lets a provider make any
        var list = new PriceList("any", [new("m", price with { LongInput = new(above, longInput) })]);

        Assert.True(list.UpperBound("m", usage.TotalInput(), usage.TotalOutput()) >= list.Of("m", usage)!.Usd);
    });

    [Fact]
    public void A_reservation_takes_the_dearest_bucket_and_the_fee_of_the_request()
    {
        Assert.Equal(0.002m + 0.0005m, Prices.UpperBound("claude-haiku-4-5", 1000, 100));
        Assert.Equal(0.04m + 0.008m, Prices.UpperBound("hears", 1000, 100));
        Assert.Equal(0.001m + 0.0002m + 0.005m, Prices.UpperBound("toll", 1000, 100));
        Assert.Equal(0.003003m + 0.0004m + 0.005m, Prices.UpperBound("toll", 1001, 100));
    }

    [Theory]
    [InlineData(Price.MaxTokens + 1)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void What_cannot_be_priced_exactly_is_not_priced_at_all(long tokens)
    {
        Assert.Throws<OverflowException>(() => Prices.Of("gpt-4o", new(tokens, 0)));
        Assert.Throws<OverflowException>(() => Prices.Of("gpt-4o", new(0, 0, ReasoningTokens: tokens)));
        Assert.Throws<OverflowException>(() => Prices.Of("gpt-4o", new(0, 0, AudioInputTokens: tokens)));
        Assert.Throws<OverflowException>(() => Prices.Of("hears", new(0, 0, AudioOutputTokens: tokens)));
        Assert.Throws<OverflowException>(() => Prices.Of("toll", new(0, 0, WebSearches: tokens)));
        Assert.Throws<OverflowException>(() => Prices.UpperBound("gpt-4o", tokens, 0));
        Assert.Throws<OverflowException>(() => Prices.UpperBound("free", 0, tokens));
    }

    [Fact]
    public void Input_that_overflows_while_it_is_summed_is_not_priced() =>
        Assert.Throws<OverflowException>(() => Prices.Of("long", new(long.MaxValue, 0, 1)));

    [Theory]
    [InlineData("-0.01")]
    [InlineData("1000000.01")]
    [InlineData("0.000000001")]
    public void A_price_outside_its_bounds_is_refused(string usd)
    {
        var price = decimal.Parse(usd, CultureInfo.InvariantCulture);

        Assert.Throws<ArgumentOutOfRangeException>(() => new Price(price, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Price(1, 1, Reasoning: price));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Price(1, 1, AudioInput: price));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Price(1, 1, AudioOutput: price));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Price(1, 1, RequestFee: price));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Price(1, 1, WebSearchFee: price));
    }

    /// <summary>The cost in units of 10^-14 dollars, computed with integers.</summary>
    static BigInteger ScaledByHand(Price price, Usage usage)
    {
        return Bucket(usage.InputTokens, price.Input)
               + Bucket(usage.CachedInputTokens, price.CachedInput ?? price.Input)
               + Bucket(usage.CacheWrite5MinutesTokens, price.CacheWrite5Minutes ?? price.Input)
               + Bucket(usage.CacheWrite1HourTokens, price.CacheWrite1Hour ?? price.Input)
               + Bucket(usage.OutputTokens, price.Output)
               + Bucket(usage.ReasoningTokens, price.Reasoning ?? price.Output)
               + Bucket(usage.AudioInputTokens, price.AudioInput ?? 0)
               + Bucket(usage.AudioOutputTokens, price.AudioOutput ?? 0)
               + 1_000_000 * (Bucket(usage.WebSearches, price.WebSearchFee ?? 0) + Bucket(1, price.RequestFee ?? 0));

        static BigInteger Bucket(long tokens, decimal usd) => tokens * new BigInteger(usd * 100_000_000m);
    }

    [Fact]
    public void The_price_of_an_entrys_model_comes_before_that_of_the_model_in_each_list()
    {
        var list = new PriceList("new", [new("fast/gpt-4o", new(1m, 1m)), new("local/*", new(0m, 0m)), new("*", new(9m, 9m))], Prices);

        Assert.Equal(1m, list.At("fast").For("gpt-4o")!.Input);
        Assert.Equal(0m, list.At("local").For("gpt-4o")!.Input);
        Assert.Equal(9m, list.At("careful").For("gpt-4o")!.Input);
        Assert.Equal(9m, list.For("fast/gpt-5")!.Input); // a model of the main provider, whatever its name looks like
        Assert.Equal(2.50m, Prices.At("fast").For("gpt-4o")!.Input);
        Assert.Null(Prices.At("fast").For("unknown"));
        Assert.Equal(("new", "test"), (list.At("fast").VersionFor("gpt-4o"), Prices.At("fast").VersionFor("gpt-4o")));
    }
}
