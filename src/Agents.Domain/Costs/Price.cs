using System.Text.Json.Serialization;

namespace Agents.Domain.Costs;

/// <summary>US dollars per million tokens of one model, bucket by bucket, and fees in US dollars each.</summary>
/// <remarks>
/// Each price is between 0 and a million dollars with at most eight decimals, a bucket holds at most a trillion tokens and a call a million searches:
/// products and sums then fit a decimal's 28 digits, so no cost is ever rounded.
/// </remarks>
/// <param name="CachedInput">Null means <paramref name="Input"/>.</param>
/// <param name="CacheWrite5Minutes">Null means <paramref name="Input"/>.</param>
/// <param name="CacheWrite1Hour">Null means <paramref name="Input"/>.</param>
/// <param name="Reasoning">Null means <paramref name="Output"/>.</param>
/// <param name="LongInput">Other prices of tokens for calls with a long input. Null when the length does not matter.</param>
/// <param name="AudioInput">Null when it is not known, never the price of text: a call that sent audio has no price then.</param>
/// <param name="AudioOutput">Null when it is not known, never the price of text: a call that was answered in audio has no price then.</param>
/// <param name="RequestFee">For each call, whatever its length. Null when there is none.</param>
/// <param name="WebSearchFee">
/// For each search the provider made, whatever the length. Null when it is not known: a call that searched has no price then.
/// </param>
/// <exception cref="ArgumentOutOfRangeException">A price is outside those bounds.</exception>
public sealed record Price(
    decimal Input,
    decimal Output,
    decimal? CachedInput = null,
    decimal? CacheWrite5Minutes = null,
    decimal? CacheWrite1Hour = null,
    decimal? Reasoning = null,
    LongInputPrice? LongInput = null,
    decimal? AudioInput = null,
    decimal? AudioOutput = null,
    decimal? RequestFee = null,
    decimal? WebSearchFee = null)
{
    /// <summary>The most tokens one bucket of a call may hold.</summary>
    public const long MaxTokens = 1_000_000_000_000;

    /// <summary>The most searches of one call.</summary>
    public const long MaxWebSearches = 1_000_000;

    const decimal Million = 1_000_000m;
    const int MaxDecimals = 8;

    public decimal Input { get; init; } = Valid(Input);
    public decimal Output { get; init; } = Valid(Output);
    public decimal? CachedInput { get; init; } = Valid(CachedInput);
    public decimal? CacheWrite5Minutes { get; init; } = Valid(CacheWrite5Minutes);
    public decimal? CacheWrite1Hour { get; init; } = Valid(CacheWrite1Hour);
    public decimal? Reasoning { get; init; } = Valid(Reasoning);

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? AudioInput { get; init; } = Valid(AudioInput);

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? AudioOutput { get; init; } = Valid(AudioOutput);

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? RequestFee { get; init; } = Valid(RequestFee);

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public decimal? WebSearchFee { get; init; } = Valid(WebSearchFee);

    /// <summary>What a call with this usage costs, in US dollars; null when it used what has no price here: unknown is not free.</summary>
    /// <exception cref="OverflowException">
    /// A bucket is negative or above <see cref="MaxTokens"/>, or the searches are negative or above <see cref="MaxWebSearches"/>.
    /// </exception>
    public decimal? Of(Usage usage)
    {
        if (Longer(usage.TotalInput()) is { } longer) return longer.Of(usage);

        return Tokens(usage.InputTokens) * Input / Million
               + Tokens(usage.CachedInputTokens) * (CachedInput ?? Input) / Million
               + Tokens(usage.CacheWrite5MinutesTokens) * (CacheWrite5Minutes ?? Input) / Million
               + Tokens(usage.CacheWrite1HourTokens) * (CacheWrite1Hour ?? Input) / Million
               + Tokens(usage.OutputTokens) * Output / Million
               + Tokens(usage.ReasoningTokens) * (Reasoning ?? Output) / Million
               + Used(Tokens(usage.AudioInputTokens), AudioInput) / Million
               + Used(Tokens(usage.AudioOutputTokens), AudioOutput) / Million
               + Used(Searches(usage.WebSearches), WebSearchFee)
               + (RequestFee ?? 0);
    }

    /// <summary>
    /// What a call with this usage is charged at: the prices for its length. Of the buckets of text none is left open; the others are null where they
    /// have no price.
    /// </summary>
    /// <exception cref="OverflowException">The input tokens are too many to add up.</exception>
    public Price AppliedTo(Usage usage) => Longer(usage.TotalInput()) is { } longer
        ? longer.AppliedTo(usage)
        : this with
        {
            CachedInput = CachedInput ?? Input, CacheWrite5Minutes = CacheWrite5Minutes ?? Input, CacheWrite1Hour = CacheWrite1Hour ?? Input,
            Reasoning = Reasoning ?? Output, LongInput = null,
        };

    /// <summary>All prices of tokens times a factor, such as 0.5 for batches. Fees stay what they are.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A product is no price.</exception>
    public Price Times(decimal factor) => new(
        Input * factor, Output * factor, CachedInput * factor, CacheWrite5Minutes * factor, CacheWrite1Hour * factor, Reasoning * factor,
        LongInput is { } longInput ? new(longInput.AboveTokens, longInput.Price.Times(factor)) : null,
        AudioInput * factor, AudioOutput * factor, RequestFee, WebSearchFee);

    /// <summary>
    /// The most a call of this size can cost: all input in the dearest input bucket, all output in the dearest output bucket, and the fee of the
    /// request. No fee of a search: no request of ours lets a provider search.
    /// </summary>
    /// <exception cref="OverflowException">A number is negative or above <see cref="MaxTokens"/>.</exception>
    public decimal UpperBound(long inputTokensAtMost, long outputTokensAtMost)
    {
        var bound = InputBound(inputTokensAtMost) + Tokens(outputTokensAtMost) * DearestOutput() / Million;

        return Longer(inputTokensAtMost) is { } longer ? Math.Max(bound, longer.UpperBound(inputTokensAtMost, outputTokensAtMost)) : bound;
    }

    /// <summary>
    /// The least that a call costs of which the provider has read so much and answered so much: all of it in the cheapest buckets, and the fee of the
    /// request.
    /// </summary>
    /// <exception cref="OverflowException">A number is negative or above <see cref="MaxTokens"/>.</exception>
    public decimal LowerBound(long inputTokensAtLeast, long outputTokensAtLeast)
    {
        var bound = (Tokens(inputTokensAtLeast) * CheapestInput() + Tokens(outputTokensAtLeast) * CheapestOutput()) / Million + (RequestFee ?? 0);
        return LongInput is { } longInput
            ? Math.Min(bound, (longInput.Price with { RequestFee = RequestFee }).LowerBound(inputTokensAtLeast, outputTokensAtLeast))
            : bound;
    }

    /// <summary>The most output tokens with which the upper bound stays within an amount; 0 when not even the input does.</summary>
    /// <exception cref="OverflowException">The number of input tokens is negative or above <see cref="MaxTokens"/>.</exception>
    public long OutputTokensWithin(decimal usd, long inputTokensAtMost)
    {
        var left = usd - InputBound(inputTokensAtMost);
        var most = left < 0 ? 0
            : DearestOutput() == 0 || left >= MaxTokens * DearestOutput() / Million ? MaxTokens
            : (long)decimal.Floor(left * Million / DearestOutput());

        return Longer(inputTokensAtMost) is { } longer ? Math.Min(most, longer.OutputTokensWithin(usd, inputTokensAtMost)) : most;
    }

    /// <summary>The prices for an input of this length, if it is a long one; null if not. Fees do not depend on the length.</summary>
    Price? Longer(long inputTokens) => LongInput is { } longInput && inputTokens > longInput.AboveTokens
        ? longInput.Price with { RequestFee = RequestFee, WebSearchFee = WebSearchFee }
        : null;

    decimal InputBound(long inputTokensAtMost) => Tokens(inputTokensAtMost) * DearestInput() / Million + (RequestFee ?? 0);

    decimal DearestInput() => Math.Max(
        Math.Max(Math.Max(Input, CachedInput ?? Input), Math.Max(CacheWrite5Minutes ?? Input, CacheWrite1Hour ?? Input)), AudioInput ?? Input);

    decimal DearestOutput() => Math.Max(Math.Max(Output, Reasoning ?? Output), AudioOutput ?? Output);

    decimal CheapestInput() => Math.Min(
        Math.Min(Math.Min(Input, CachedInput ?? Input), Math.Min(CacheWrite5Minutes ?? Input, CacheWrite1Hour ?? Input)), AudioInput ?? Input);

    decimal CheapestOutput() => Math.Min(Math.Min(Output, Reasoning ?? Output), AudioOutput ?? Output);

    static decimal? Used(decimal count, decimal? price) => count == 0 ? 0 : count * price;

    static decimal Tokens(long tokens) => tokens is >= 0 and <= MaxTokens
        ? tokens
        : throw new OverflowException($"A bucket of {tokens} tokens cannot be priced; 0 to {MaxTokens} can.");

    static decimal Searches(long searches) => searches is >= 0 and <= MaxWebSearches
        ? searches
        : throw new OverflowException($"{searches} searches cannot be priced; 0 to {MaxWebSearches} can.");

    static decimal? Valid(decimal? price) => price is { } usd ? Valid(usd) : null;

    static decimal Valid(decimal price) => price is >= 0 and <= Million && decimal.Round(price, MaxDecimals) == price
        ? price
        : throw new ArgumentOutOfRangeException(
            nameof(price), price, $"A price is 0 to {Million} US dollars, per million tokens or for each, with at most {MaxDecimals} decimals.");
}

/// <summary>The prices of a call, all its tokens, whose input is longer than a threshold.</summary>
/// <param name="AboveTokens">The price holds for more input tokens than this, cached, cache-written and audio ones included.</param>
/// <param name="Price">Its fees do not count.</param>
public sealed record LongInputPrice(long AboveTokens, Price Price);
