using System.Text.Json.Serialization;

namespace Agents.Domain.Costs;

/// <summary>
/// Tokens one model call used, in buckets that never overlap: their sum is the provider's total. And what else a provider counts and bills.
/// </summary>
/// <remarks>
/// Providers count otherwise: OpenAI's input includes the cached and the audio tokens and its output the reasoning and the audio tokens, Anthropic's
/// input excludes both cache buckets. Each provider's numbers are brought into this form once, where its reply is read.
/// </remarks>
/// <param name="InputTokens">Fresh input: neither audio nor read from nor written to a cache. At least 0.</param>
/// <param name="OutputTokens">Visible output, tool arguments included, reasoning and audio excluded. At least 0.</param>
/// <param name="CachedInputTokens">Input read from the provider's cache.</param>
/// <param name="CacheWrite5MinutesTokens">Input written to a cache that lives about five minutes, or whose life the provider does not state.</param>
/// <param name="CacheWrite1HourTokens">Input written to a cache that lives an hour.</param>
/// <param name="ReasoningTokens">Output spent on reasoning.</param>
/// <param name="AudioInputTokens">Audio that was sent. No provider tells how much of it came from a cache.</param>
/// <param name="AudioOutputTokens">Audio that was answered.</param>
/// <param name="WebSearches">Searches that the provider made for the call, each with a fee. No tokens: in no total of them.</param>
public sealed record Usage(
    long InputTokens,
    long OutputTokens,
    long CachedInputTokens = 0,
    long CacheWrite5MinutesTokens = 0,
    long CacheWrite1HourTokens = 0,
    long ReasoningTokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long AudioInputTokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long AudioOutputTokens = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] long WebSearches = 0)
{
    /// <summary>No tokens at all; the start of every sum.</summary>
    public static readonly Usage None = new(0, 0);

    /// <summary>All tokens, input and output. Equals the provider's own total.</summary>
    public long Total() => checked(TotalInput() + TotalOutput());

    /// <summary>Fresh, cached, cache-written and audio input.</summary>
    public long TotalInput() => checked(InputTokens + CachedInputTokens + CacheWrite5MinutesTokens + CacheWrite1HourTokens + AudioInputTokens);

    /// <summary>Visible output, reasoning and audio.</summary>
    public long TotalOutput() => checked(OutputTokens + ReasoningTokens + AudioOutputTokens);

    /// <summary>The sum, bucket by bucket.</summary>
    /// <exception cref="OverflowException">A bucket would pass 2^63 - 1.</exception>
    public static Usage operator +(Usage left, Usage right) => checked(new(
        left.InputTokens + right.InputTokens,
        left.OutputTokens + right.OutputTokens,
        left.CachedInputTokens + right.CachedInputTokens,
        left.CacheWrite5MinutesTokens + right.CacheWrite5MinutesTokens,
        left.CacheWrite1HourTokens + right.CacheWrite1HourTokens,
        left.ReasoningTokens + right.ReasoningTokens,
        left.AudioInputTokens + right.AudioInputTokens,
        left.AudioOutputTokens + right.AudioOutputTokens,
        left.WebSearches + right.WebSearches));
}
