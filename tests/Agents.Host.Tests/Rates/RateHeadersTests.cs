using Agents.Host.Models;

namespace Agents.Host.Tests.Rates;

public sealed class RateHeadersTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void OpenAIs_headers_are_read() => Assert.Equal(
        new RateTold(500, 200_000, 499, TimeSpan.FromMilliseconds(120), 0, TimeSpan.FromMinutes(6)),
        Read(("x-ratelimit-limit-requests", "500"), ("x-ratelimit-limit-tokens", "200000"), ("x-ratelimit-remaining-requests", "499"),
            ("x-ratelimit-reset-requests", "120ms"), ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6m0s")));

    [Fact]
    public void Anthropics_headers_are_read() => Assert.Equal(
        new RateTold(50, 40_000, 12, TimeSpan.FromSeconds(30), 100, TimeSpan.Zero),
        Read(("anthropic-ratelimit-requests-limit", "50"), ("anthropic-ratelimit-requests-remaining", "12"),
            ("anthropic-ratelimit-requests-reset", "2026-11-23T12:00:30Z"),
            ("anthropic-ratelimit-tokens-limit", "40000"), ("anthropic-ratelimit-tokens-remaining", "100"),
            ("anthropic-ratelimit-tokens-reset", "2026-11-23T11:00:00Z")));

    [Theory]
    [InlineData("nonsense")]
    [InlineData("-5")]
    [InlineData("1e9")]
    [InlineData("99999999999999999999999")]
    public void What_is_no_number_says_nothing(string value) => Assert.Null(Read(("x-ratelimit-limit-requests", value)));

    [Fact]
    public void A_reply_without_such_headers_says_nothing() => Assert.Null(Read(("x-request-id", "1")));

    [Theory]
    [InlineData("1.5s", 1500)]
    [InlineData("1h2m3.5s", 3_723_500)]
    [InlineData("12ms", 12)]
    [InlineData("7", 7000)]
    [InlineData("60", 60_000)]
    [InlineData("61", 61)] // milliseconds: no limit a minute has a longer reset
    [InlineData("59842", 59_842)]
    [InlineData("86400000", 300_000)] // and nobody is left alone for a day by a number without a unit
    [InlineData("24h", 86_400_000)]
    [InlineData("999999999d", 86_400_000)]
    [InlineData("1795435230", 30_000)] // 2026-11-23 12:00:30 UTC
    [InlineData("1795435230.5", 30_500)]
    [InlineData("1795435230000", 30_000)]
    [InlineData("1795000000", 0)]
    [InlineData("soon", null)]
    [InlineData("NaN", null)]
    [InlineData("1s!", null)]
    public void Durations_are_read_and_bounded(string text, int? milliseconds) =>
        Assert.Equal(milliseconds, (int?)RateHeaders.DurationOf(text, Now)?.TotalMilliseconds);

    [Theory]
    [InlineData("1795435230")]
    [InlineData("2026-11-23T12:00:30Z")]
    [InlineData("Mon, 23 Nov 2026 12:00:30 GMT")]
    [InlineData("30")]
    public void A_reset_may_be_a_time_in_any_of_its_forms(string reset)
    {
        Assert.Equal(TimeSpan.FromSeconds(30), Read(("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", reset))?.RequestsReset);
        Assert.Equal(
            TimeSpan.FromSeconds(30), Read(("anthropic-ratelimit-tokens-remaining", "0"), ("anthropic-ratelimit-tokens-reset", reset))?.TokensReset);
    }

    static RateTold? Read(params (string Name, string Value)[] headers)
    {
        using var response = new HttpResponseMessage();
        foreach (var (name, value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        return RateHeaders.Read(response.Headers, Now);
    }
}
