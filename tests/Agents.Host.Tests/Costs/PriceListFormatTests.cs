using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Host.Engine.Money;

namespace Agents.Host.Tests.Costs;

public sealed class PriceListFormatTests
{
    static readonly PriceList Shipped = PriceListFormat.Read(PriceListFormat.Shipped());

    [Theory]
    [InlineData("offline-extractive-1", 0, 0, 0, 0, 0)]
    [InlineData("gpt-4o", 2.50, 1.25, 2.50, 2.50, 10)]
    [InlineData("gpt-4o-mini", 0.15, 0.075, 0.15, 0.15, 0.60)]
    [InlineData("gpt-4o-mini-2024-07-18", 0.15, 0.075, 0.15, 0.15, 0.60)]
    [InlineData("gpt-4.1-mini-2025-04-14", 0.40, 0.10, 0.40, 0.40, 1.60)]
    [InlineData("o4-mini", 1.10, 0.275, 1.10, 1.10, 4.40)]
    [InlineData("claude-haiku-4-5-20251001", 1, 0.10, 1.25, 2, 5)]
    [InlineData("claude-sonnet-4-6", 3, 0.30, 3.75, 6, 15)]
    [InlineData("claude-opus-4-20250514", 15, 1.50, 18.75, 30, 75)]
    [InlineData("claude-opus-4-8", 5, 0.50, 6.25, 10, 25)]
    public void A_million_tokens_of_each_bucket_cost_what_the_provider_says(
        string model, decimal input, decimal cached, decimal write5Minutes, decimal write1Hour, decimal output)
    {
        const long m = 100_000; // below every long-input threshold
        Assert.Equal(input, 10 * Shipped.Of(model, new(m, 0))?.Usd);
        Assert.Equal(cached, 10 * Shipped.Of(model, new(0, 0, m))?.Usd);
        Assert.Equal(write5Minutes, 10 * Shipped.Of(model, new(0, 0, 0, m))?.Usd);
        Assert.Equal(write1Hour, 10 * Shipped.Of(model, new(0, 0, 0, 0, m))?.Usd);
        Assert.Equal(output, 10 * Shipped.Of(model, new(0, m))?.Usd);
        Assert.Equal(output, 10 * Shipped.Of(model, new(0, 0, ReasoningTokens: m))?.Usd);
    }

    [Theory]
    [InlineData("gpt-4o-audio-preview-2025-06-03", 2.50, 10, 40, 80)]
    [InlineData("gpt-4o-mini-audio-preview-2024-12-17", 0.15, 0.60, 10, 20)]
    public void A_model_that_hears_and_speaks_has_prices_for_it(string model, decimal input, decimal output, decimal heard, decimal spoken)
    {
        Assert.Equal(new(input, output, AudioInput: heard, AudioOutput: spoken), Shipped.For(model));
        Assert.Equal((heard + spoken) / 1000, Shipped.Of(model, new(0, 0, AudioInputTokens: 1000, AudioOutputTokens: 1000))?.Usd);
        Assert.Null(Shipped.Of("gpt-4o", new(0, 0, AudioInputTokens: 1000)));
    }

    [Fact]
    public void A_list_is_read_as_it_was_written_fees_and_audio_too()
    {
        var price = new Price(1, 2, 3, 4, 5, 6, new(1000, new(7, 8, AudioInput: 9, AudioOutput: 10)), 11, 12, 0.13m, 0.14m);
        var list = new PriceList("v", [new("m", price, "flex", 0.5m, "p", "s", new(2026, 11, 24))]);

        Assert.Equal(list.Entries, PriceListFormat.Read(PriceListFormat.Write(list)).Entries);
    }

    [Fact]
    public void A_long_input_has_its_own_price() => Assert.Equal(300_000 * 6m / 1_000_000, Shipped.Of("claude-sonnet-4-5", new(300_000, 0))?.Usd);

    [Theory]
    [InlineData("gpt-4o-audio-preview")]
    [InlineData("gpt-4o-mini-realtime-preview")]
    [InlineData("gpt-5-pro")]
    [InlineData("ft:gpt-4o-mini-2024-07-18:me::1")]
    [InlineData("claude-opus-5-5")]
    [InlineData("llama3.2")]
    public void A_model_whose_price_differs_or_is_not_known_has_none(string model) => Assert.Null(Shipped.For(model));

    [Fact]
    public void Every_list_has_a_version() => Assert.Equal(Shipped.Version, Shipped.Of("gpt-4o", new(1, 1))?.PriceVersion);

    [Theory]
    [InlineData("""{"provider":"p","models":["m"],"input":-1,"output":1,"source":"s","checked":"2026-01-01"}""")]
    [InlineData("""{"provider":"p","models":["m"],"input":"1","output":1,"source":"s","checked":"2026-01-01"}""")]
    [InlineData("""{"provider":"p","models":["m"],"input":1,"source":"s","checked":"2026-01-01"}""")]
    [InlineData("""{"provider":"p","models":["m"],"input":1,"output":1}""")]
    [InlineData("""{"provider":"p","models":["m"],"input":1,"output":1,"audioInput":-1,"source":"s","checked":"2026-01-01"}""")]
    [InlineData("""{"provider":"p","models":["m"],"input":1,"output":1,"requestFee":1e9,"source":"s","checked":"2026-01-01"}""")]
    [InlineData(
        """{"provider":"p","models":["m"],"input":1,"output":1,"longInput":{"aboveTokens":1,"input":1,"output":1,"requestFee":1},"source":"s","checked":"2026-01-01"}""")]
    [InlineData("""{"provider":"p","models":["m"],"input":1,"output":1,"outptu":1,"source":"s","checked":"2026-01-01"}""")]
    [InlineData("""{"provider":"p","models":["m","m"],"input":1,"output":1,"source":"s","checked":"2026-01-01"}""")]
    public void A_list_with_a_mistake_is_refused(string entry)
    {
        var json = $$"""{"version":"v","currency":"USD","unit":"per million tokens","entries":[{{entry}}]}""";

        Assert.Throws<JsonException>(() => PriceListFormat.Read(json));
    }
}
