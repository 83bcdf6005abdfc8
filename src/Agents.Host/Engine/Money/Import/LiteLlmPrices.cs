using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agents.Domain.Costs;

namespace Agents.Host.Engine.Money.Import;

/// <summary>
/// LiteLLM's <c>model_prices_and_context_window.json</c>: an object of models, prices per token. Tiers are suffixes such as <c>_flex</c>, lengths
/// suffixes such as <c>_above_200k_tokens</c>. Fees are the same in all tiers and lengths.
/// </summary>
public static partial class LiteLlmPrices
{
    const decimal PerMillion = 1_000_000m;
    const string SearchFees = "search_context_cost_per_query";

    static readonly (string Suffix, string? Tier)[] Tiers = [("", null), ("_batches", "batch"), ("_flex", "flex"), ("_priority", "priority")];

    static readonly string[] Modes = ["chat", "completion", "responses"];

    /// <param name="providers">Whose models are taken, as <c>litellm_provider</c> names them; of one name, the first provider's.</param>
    /// <exception cref="JsonException">It is not that format.</exception>
    public static ImportedPrices Read(string json, string version, IReadOnlyList<string> providers, DateOnly @checked, string source)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind is not JsonValueKind.Object) throw new JsonException("LiteLLM's file is an object of models.");

        var (entries, skipped) = (new List<PriceListEntry>(), new List<string>());
        foreach (var provider in providers)
        foreach (var model in document.RootElement.EnumerateObject().Where(model => IsOf(model.Value, provider)))
            PublicPrices.AddOrSkip(model.Name, () => EntriesOf(model, provider, @checked, source), entries, skipped);
        return new(new(version, entries), skipped);
    }

    static bool IsOf(JsonElement model, string provider) =>
        model.ValueKind is JsonValueKind.Object
        && model.TryGetProperty("litellm_provider", out var name) && name.ValueEquals(provider)
        && (!model.TryGetProperty("mode", out var mode) || Modes.Contains(mode.GetString()));

    static IEnumerable<PriceListEntry> EntriesOf(JsonProperty model, string provider, DateOnly @checked, string source)
    {
        var name = model.Name.StartsWith(provider + "/", StringComparison.Ordinal) ? model.Name[(provider.Length + 1)..] : model.Name;
        var (request, search) = (PublicPrices.Fee(model.Value, "input_cost_per_request", 1), SearchFeeOf(model.Value));
        if (AlwaysSearches(model)) throw new FormatException("it searches at every call, for a fee that its usage does not tell");
        if (PriceOf(model.Value, "", "") is null) throw new FormatException("it has no price for input and output");
        if (PriceOf(model.Value, "", "") is { Input: 0, Output: 0 } && request is null)
            throw new FormatException("it is listed at zero, which is not known to be free");

        foreach (var (suffix, tier) in Tiers)
            if (PriceOf(model.Value, "", suffix) is { } price)
                yield return new(
                    name, price with { LongInput = LongerOf(model.Value, suffix), RequestFee = request, WebSearchFee = search }, tier, null, provider,
                    source, @checked);
    }

    /// <summary>A search costs by the size of what it brings along, which no usage tells: known only where all sizes cost the same.</summary>
    static decimal? SearchFeeOf(JsonElement model)
    {
        if (!model.TryGetProperty(SearchFees, out var sizes) || sizes.ValueKind is not JsonValueKind.Object) return null;
        var fees = sizes.EnumerateObject().Select(size => PublicPrices.Usd(sizes, size.Name, 1)).Distinct().ToList();
        return fees is [{ } fee] ? fee : null;
    }

    /// <summary>Models made for searching do so unasked; their names say it.</summary>
    static bool AlwaysSearches(JsonProperty model) =>
        model.Name.Contains("-search-", StringComparison.Ordinal) && model.Value.TryGetProperty(SearchFees, out _);

    /// <summary>The prices for long inputs, the next length inside the one before.</summary>
    static LongInputPrice? LongerOf(JsonElement model, string suffix)
    {
        LongInputPrice? longer = null;
        var lengths = model.EnumerateObject().Select(member => Above().Match(member.Name)).Where(match => match.Success)
            .Select(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).Distinct().OrderDescending();
        foreach (var thousands in lengths)
            if (PriceOf(model, $"_above_{thousands}k_tokens", suffix) is { } price)
                longer = new(thousands * 1000L, price with { LongInput = longer });
        return longer;
    }

    /// <summary>Null when input or output has no price of that tier and length.</summary>
    static Price? PriceOf(JsonElement model, string length, string tier)
    {
        decimal? Of(string name) => PublicPrices.Usd(model, name + length + tier, PerMillion);
        return Of("input_cost_per_token") is { } input && Of("output_cost_per_token") is { } output
            ? new(input, output, Of("cache_read_input_token_cost"), Of("cache_creation_input_token_cost"),
                Of("cache_creation_input_token_cost_above_1hr"),
                Of("output_cost_per_reasoning_token"), AudioInput: Of("input_cost_per_audio_token"), AudioOutput: Of("output_cost_per_audio_token"))
            : null;
    }

    [GeneratedRegex("^input_cost_per_token_above_([0-9]+)k_tokens")]
    private static partial Regex Above();
}
