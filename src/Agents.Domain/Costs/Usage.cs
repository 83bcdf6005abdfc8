namespace Agents.Domain.Costs;

/// <summary>Tokens one model call used, in buckets that never overlap: their sum is the provider's total.</summary>
/// <remarks>
/// Providers count otherwise: OpenAI's input includes the cached tokens and its output the reasoning tokens, Anthropic's input
/// excludes both cache buckets. Each provider's numbers are brought into this form once, where its reply is read.
/// </remarks>
/// <param name="InputTokens">Fresh input: neither read from nor written to a cache. At least 0.</param>
/// <param name="OutputTokens">Visible output, tool arguments included, reasoning excluded. At least 0.</param>
/// <param name="CachedInputTokens">Input read from the provider's cache.</param>
/// <param name="CacheWrite5MinutesTokens">Input written to a cache that lives about five minutes, or whose life the provider does not state.</param>
/// <param name="CacheWrite1HourTokens">Input written to a cache that lives an hour.</param>
/// <param name="ReasoningTokens">Output spent on reasoning.</param>
public sealed record Usage(
    long InputTokens,
    long OutputTokens,
    long CachedInputTokens = 0,
    long CacheWrite5MinutesTokens = 0,
    long CacheWrite1HourTokens = 0,
    long ReasoningTokens = 0)
{
    /// <summary>No tokens at all; the start of every sum.</summary>
    public static readonly Usage None = new(0, 0);

    /// <summary>All tokens, input and output. Equals the provider's own total.</summary>
    public long Total() => TotalInput() + TotalOutput();

    /// <summary>Fresh, cached and cache-written input.</summary>
    public long TotalInput() => checked(InputTokens + CachedInputTokens + CacheWrite5MinutesTokens + CacheWrite1HourTokens);

    /// <summary>Visible output and reasoning.</summary>
    public long TotalOutput() => checked(OutputTokens + ReasoningTokens);

    /// <summary>The sum, bucket by bucket.</summary>
    /// <exception cref="OverflowException">A bucket would pass 2^63 - 1.</exception>
    public static Usage operator +(Usage left, Usage right) => checked(new(
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        left.CachedInputTokens + right.CachedInputTokens,
        left.CacheWrite5MinutesTokens + right.CacheWrite5MinutesTokens,
        left.CacheWrite1HourTokens + right.CacheWrite1HourTokens,
        left.ReasoningTokens + right.ReasoningTokens));
}
