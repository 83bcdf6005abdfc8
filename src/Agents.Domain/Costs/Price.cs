namespace Agents.Domain.Costs;

/// <summary>US dollars per million tokens of one model, bucket by bucket.</summary>
/// <remarks>
/// Each price is between 0 and a million dollars with at most eight decimals, and a bucket holds at most a trillion tokens: products
/// and sums then fit a decimal's 28 digits, so no cost is ever rounded.
/// </remarks>
/// <param name="CachedInput">Null means <paramref name="Input"/>.</param>
/// <param name="CacheWrite5Minutes">Null means <paramref name="Input"/>.</param>
/// <param name="CacheWrite1Hour">Null means <paramref name="Input"/>.</param>
/// <param name="Reasoning">Null means <paramref name="Output"/>.</param>
/// <param name="LongInput">Other prices for calls with a long input. Null when the length does not matter.</param>
/// <exception cref="ArgumentOutOfRangeException">A price is outside those bounds.</exception>
public sealed record Price(
    decimal Input,
    decimal Output,
    decimal? CachedInput = null,
    decimal? CacheWrite5Minutes = null,
    decimal? CacheWrite1Hour = null,
    decimal? Reasoning = null,
    LongInputPrice? LongInput = null)
{
    /// <summary>The most tokens one bucket of a call may hold.</summary>
    public const long MaxTokens = 1_000_000_000_000;

    const decimal Million = 1_000_000m;
    const int MaxDecimals = 8;

    public decimal Input { get; init; } = Valid(Input);
    public decimal Output { get; init; } = Valid(Output);
    public decimal? CachedInput { get; init; } = Valid(CachedInput);
    public decimal? CacheWrite5Minutes { get; init; } = Valid(CacheWrite5Minutes);
    public decimal? CacheWrite1Hour { get; init; } = Valid(CacheWrite1Hour);
    public decimal? Reasoning { get; init; } = Valid(Reasoning);

    /// <summary>What these tokens cost, in US dollars.</summary>
    /// <exception cref="OverflowException">A bucket is negative or above <see cref="MaxTokens"/>.</exception>
    public decimal Of(Usage usage)
    {
        if (LongInput is { } longInput && usage.TotalInput() > longInput.AboveTokens) return longInput.Price.Of(usage);

        return Tokens(usage.InputTokens) * Input / Million
               + Tokens(usage.CachedInputTokens) * (CachedInput ?? Input) / Million
               + Tokens(usage.CacheWrite5MinutesTokens) * (CacheWrite5Minutes ?? Input) / Million
               + Tokens(usage.CacheWrite1HourTokens) * (CacheWrite1Hour ?? Input) / Million
               + Tokens(usage.OutputTokens) * Output / Million
               + Tokens(usage.ReasoningTokens) * (Reasoning ?? Output) / Million;
    }

    /// <summary>What each bucket of a call with this usage is charged at: the prices for its length, none of them left open.</summary>
    /// <exception cref="OverflowException">The input tokens are too many to add up.</exception>
    public Price AppliedTo(Usage usage) => LongInput is { } longInput && usage.TotalInput() > longInput.AboveTokens
        ? longInput.Price.AppliedTo(usage)
        : new(Input, Output, CachedInput ?? Input, CacheWrite5Minutes ?? Input, CacheWrite1Hour ?? Input, Reasoning ?? Output);

    /// <summary>All prices times a factor, such as 0.5 for batches.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A product is no price.</exception>
    public Price Times(decimal factor) => new(
        Input * factor, Output * factor, CachedInput * factor, CacheWrite5Minutes * factor, CacheWrite1Hour * factor, Reasoning * factor,
        LongInput is { } longInput ? new(longInput.AboveTokens, longInput.Price.Times(factor)) : null);

    /// <summary>The most a call of this size can cost: all input in the dearest input bucket, all output in the dearest output bucket.</summary>
    /// <exception cref="OverflowException">A number is negative or above <see cref="MaxTokens"/>.</exception>
    public decimal UpperBound(long inputTokensAtMost, long outputTokensAtMost)
    {
        var bound = Tokens(inputTokensAtMost) * DearestInput() / Million + Tokens(outputTokensAtMost) * DearestOutput() / Million;

        return LongInput is { } longInput && inputTokensAtMost > longInput.AboveTokens
            ? Math.Max(bound, longInput.Price.UpperBound(inputTokensAtMost, outputTokensAtMost))
            : bound;
    }

    /// <summary>The most output tokens with which the upper bound stays within an amount; 0 when not even the input does.</summary>
    /// <exception cref="OverflowException">The number of input tokens is negative or above <see cref="MaxTokens"/>.</exception>
    public long OutputTokensWithin(decimal usd, long inputTokensAtMost)
    {
        var left = usd - Tokens(inputTokensAtMost) * DearestInput() / Million;
        var most = left < 0 ? 0
            : DearestOutput() == 0 || left >= MaxTokens * DearestOutput() / Million ? MaxTokens
            : (long)decimal.Floor(left * Million / DearestOutput());

        return LongInput is { } longInput && inputTokensAtMost > longInput.AboveTokens
            ? Math.Min(most, longInput.Price.OutputTokensWithin(usd, inputTokensAtMost))
            : most;
    }

    decimal DearestInput() =>
        Math.Max(Math.Max(Input, CachedInput ?? Input), Math.Max(CacheWrite5Minutes ?? Input, CacheWrite1Hour ?? Input));

    decimal DearestOutput() => Math.Max(Output, Reasoning ?? Output);

    static decimal Tokens(long tokens) => tokens is >= 0 and <= MaxTokens
        ? tokens
        : throw new OverflowException($"A bucket of {tokens} tokens cannot be priced; 0 to {MaxTokens} can.");

    static decimal? Valid(decimal? price) => price is { } usd ? Valid(usd) : null;

    static decimal Valid(decimal price) => price is >= 0 and <= Million && decimal.Round(price, MaxDecimals) == price
        ? price
        : throw new ArgumentOutOfRangeException(
            nameof(price), price, $"A price is 0 to {Million} US dollars per million tokens with at most {MaxDecimals} decimals.");
}

/// <summary>The prices of a call, all its tokens, whose input is longer than a threshold.</summary>
/// <param name="AboveTokens">The price holds for more input tokens than this, cached and cache-written ones included.</param>
public sealed record LongInputPrice(long AboveTokens, Price Price);
