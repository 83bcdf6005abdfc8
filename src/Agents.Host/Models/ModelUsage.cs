using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Models.Wire;
using Microsoft.Extensions.AI;

namespace Agents.Host.Models;

/// <summary>What a provider said it used.</summary>
/// <param name="Usage">Null when it reported nothing, or nothing that can be true: unknown is not zero.</param>
/// <param name="Raw">The report as the provider sent it, cut at <see cref="ModelLimits.RawUsage"/>. Null when there was none.</param>
/// <param name="Note">Why a report was not believed. Null when there was none or it was.</param>
/// <param name="ServiceTier">The tier the provider says it served, as it names it. Null when it said none.</param>
public sealed record ReportedUsage(Usage? Usage, string? Raw, string? Note, string? ServiceTier = null);

/// <summary>Reads usage out of the updates of one reply, each provider's counting turned into <see cref="Domain.Costs.Usage"/>.</summary>
/// <remarks>
/// The provider's own JSON is read where there is one: Microsoft.Extensions.AI has no place for cache writes.
/// </remarks>
public sealed class ModelUsage
{
    /// <summary>Larger numbers with a fraction's point are no counts.</summary>
    const double MostExact = 1e15;

    JsonObject? report;
    Func<JsonObject, Usage>? read;
    UsageDetails? details;
    string? serviceTier;

    /// <summary>Takes the usage out of an update, if it has any. Later reports replace earlier ones, field by field.</summary>
    public void Add(ChatResponseUpdate update)
    {
        foreach (var content in update.Contents)
            switch (content)
            {
                case ServedTier tier: serviceTier = tier.Name; break;
                case UsageReport counted: Add(counted); break;
                case UsageContent usage: details = usage.Details; break;
            }
    }

    /// <summary>What the updates so far amount to.</summary>
    public ReportedUsage Result() => Counted() with { ServiceTier = TierNamed() };

    /// <summary>OpenAI names it beside the usage, Anthropic in it.</summary>
    string? TierNamed()
    {
        var named = serviceTier ?? (report?["service_tier"] is JsonValue value && value.TryGetValue<string>(out var tier) ? tier : null);
        return string.IsNullOrWhiteSpace(named) ? null : Sanitiser.Text(named, ModelLimits.Name);
    }

    ReportedUsage Counted()
    {
        string? raw = null;
        try
        {
            raw = report is null ? null : Sanitiser.Text(report.ToJsonString(), ModelLimits.RawUsage);
            var usage = report is not null ? read!(report) : details is not null ? OfDetails(details) : null;
            return usage is null ? new(null, null, null) : Believe(usage, raw);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or OverflowException or ArgumentException)
        {
            return Disbelieve(raw, e.Message);
        }
    }

    void Add(UsageReport counted)
    {
        read = counted.Form switch { ModelProvider.Anthropic => OfAnthropic, ModelProvider.Ollama => OfOllama, _ => OfOpenAI };
        report ??= [];
        foreach (var count in counted.Counts.EnumerateObject())
            if (NameOf(count) is { } name && (count.Value.ValueKind is not JsonValueKind.Null || !report.ContainsKey(name)))
                report[name] = NodeOf(count.Value);
    }

    /// <summary>Null when it has half of a surrogate pair: that names no count.</summary>
    static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Of a name that stands twice the last one counts, as everywhere; a node as such refuses it.</summary>
    static JsonNode? NodeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => JsonValue.Create(Sanitiser.Text(value.Words(), ModelLimits.RawUsage)),
        JsonValueKind.Object => value.EnumerateObject().Aggregate(new JsonObject(), (members, member) =>
        {
            if (NameOf(member) is { } name) members[name] = NodeOf(member.Value);
            return members;
        }),
        _ => JsonNode.Parse(value.GetRawText()),
    };

    static ReportedUsage Believe(Usage usage, string? raw)
    {
        long[] buckets = [usage.InputTokens, usage.OutputTokens, usage.CachedInputTokens, usage.CacheWrite5MinutesTokens,
            usage.CacheWrite1HourTokens, usage.ReasoningTokens, usage.AudioInputTokens, usage.AudioOutputTokens];

        return buckets.Any(tokens => tokens is < 0 or > Price.MaxTokens) || usage.WebSearches is < 0 or > Price.MaxWebSearches
            ? Disbelieve(raw, "a count is out of range.")
            : usage.Total() == 0 && raw is not null ? Disbelieve(raw, "it is all zero.")
            : new(usage, raw, null);
    }

    static ReportedUsage Disbelieve(string? raw, string why) => new(null, raw, $"The usage report is not believed: {why}");

    /// <summary>
    /// Input includes cache reads, cache writes and audio; audio that a cache may hold is not told apart, so cached input counts as text. Output
    /// includes audio, and reasoning unless the total says otherwise.
    /// </summary>
    static Usage OfOpenAI(JsonObject usage)
    {
        var input = Count(usage, "prompt_tokens") ?? throw new FormatException("prompt_tokens is missing.");
        var output = Count(usage, "completion_tokens") ?? throw new FormatException("completion_tokens is missing.");
        var total = Count(usage, "total_tokens");
        if (total == 0) total = null; // not filled in
        var (inputDetails, outputDetails) = (usage["prompt_tokens_details"] as JsonObject, usage["completion_tokens_details"] as JsonObject);
        var cached = Count(inputDetails, "cached_tokens") ?? 0;
        var written = Count(inputDetails, "cache_write_tokens") ?? Count(usage, "cache_write_tokens") ?? 0;
        var reasoning = Count(outputDetails, "reasoning_tokens") ?? 0;
        var (heard, spoken) = (Count(inputDetails, "audio_tokens") ?? 0, Count(outputDetails, "audio_tokens") ?? 0);

        if (total is null || total == checked(input + output)) output = checked(output - reasoning);
        else if (total != checked(input + output + reasoning)) throw new FormatException("the total is not the sum of its parts.");

        return new(
            checked(input - cached - written - heard), checked(output - spoken), cached, written, ReasoningTokens: reasoning,
            AudioInputTokens: heard, AudioOutputTokens: spoken);
    }

    /// <summary>Input excludes cache reads and writes; writes are split by lifetime in <c>cache_creation</c>, when it is there.</summary>
    static Usage OfAnthropic(JsonObject usage)
    {
        var output = Count(usage, "output_tokens") ?? throw new FormatException("output_tokens is missing.");
        var lifetimes = usage["cache_creation"] as JsonObject;
        var hour = Count(lifetimes, "ephemeral_1h_input_tokens") ?? 0;
        var minutes = Count(lifetimes, "ephemeral_5m_input_tokens") ?? 0;
        var written = Count(usage, "cache_creation_input_tokens") ?? checked(hour + minutes);
        var thinking = Count(usage["output_tokens_details"] as JsonObject, "thinking_tokens") ?? 0;
        if (checked(hour + minutes) > written) throw new FormatException("the cache writes are more than their sum.");

        return new(
            Count(usage, "input_tokens") ?? throw new FormatException("input_tokens is missing."),
            checked(output - thinking), Count(usage, "cache_read_input_tokens") ?? 0, checked(written - hour), hour, thinking,
            WebSearches: Count(usage["server_tool_use"] as JsonObject, "web_search_requests") ?? 0);
    }

    static Usage OfOllama(JsonObject usage) => new(Count(usage, "prompt_eval_count") ?? 0, Count(usage, "eval_count") ?? 0);

    /// <summary>
    /// For clients whose own JSON is not at hand: Microsoft.Extensions.AI's counting, input with cache and audio, output with reasoning and audio.
    /// </summary>
    static Usage? OfDetails(UsageDetails usage)
    {
        if (usage.InputTokenCount is not { } input || usage.OutputTokenCount is not { } output) return null;

        var cached = usage.CachedInputTokenCount ?? 0;
        var reasoning = usage.ReasoningTokenCount ?? 0;
#pragma warning disable MEAI001 // experimental in the library
        var (heard, spoken) = (usage.InputAudioTokenCount ?? 0, usage.OutputAudioTokenCount ?? 0);
#pragma warning restore MEAI001
        return usage.TotalTokenCount is { } total && total != checked(input + output)
            ? throw new FormatException("the total is not the sum of its parts.")
            : new(
                checked(input - cached - heard), checked(output - reasoning - spoken), cached, ReasoningTokens: reasoning,
                AudioInputTokens: heard, AudioOutputTokens: spoken);
    }

    static long? Count(JsonObject? holder, string name) => holder?[name] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<long>(out var tokens) => tokens >= 0 ? tokens : throw new FormatException($"{name} is negative."),
        JsonValue value when value.TryGetValue<double>(out var tokens) && tokens >= 0 && tokens < MostExact && tokens == Math.Floor(tokens) =>
            (long)tokens,
        _ => throw new FormatException($"{name} is no count."),
    };
}
