using System.Globalization;
using Agents.Domain.Costs;

namespace Agents.Projections;

/// <summary>The buckets of <see cref="Usage"/> as tables and views have them: the one list of their columns, in the order of the record.</summary>
public static class UsageColumns
{
    static readonly string[] Names =
    [
        "input_tokens", "output_tokens", "cached_input_tokens", "cache_write_5_minutes_tokens", "cache_write_1_hour_tokens", "reasoning_tokens",
        "audio_input_tokens", "audio_output_tokens", "web_searches",
    ];

    /// <summary>For a list of columns.</summary>
    public static readonly string All = string.Join(", ", Names);

    /// <summary>Each summed over a group; 0 where no call of it has counts.</summary>
    public static readonly string Sums = string.Join(", ", Names.Select(name => $"coalesce(sum({name}), 0)::bigint as {name}"));

    /// <summary>For a list of values.</summary>
    internal static readonly string Placeholders = string.Join(", ", Names.Select(_ => "?::bigint"));

    /// <summary>Each column with its count.</summary>
    internal static IEnumerable<(string Column, long Count)> Counts(Usage usage) =>
        Names.Zip(Values(usage), (name, count) => (name, Convert.ToInt64(count, CultureInfo.InvariantCulture)));

    /// <param name="alias">The table they are columns of.</param>
    public static string Of(string alias) => string.Join(", ", Names.Select(name => $"{alias}.{name}"));

    /// <param name="usage">Null when the provider reported none: then each is null.</param>
    public static object?[] Values(Usage? usage) =>
    [
        usage?.InputTokens, usage?.OutputTokens, usage?.CachedInputTokens, usage?.CacheWrite5MinutesTokens, usage?.CacheWrite1HourTokens,
        usage?.ReasoningTokens, usage?.AudioInputTokens, usage?.AudioOutputTokens, usage?.WebSearches,
    ];
}
