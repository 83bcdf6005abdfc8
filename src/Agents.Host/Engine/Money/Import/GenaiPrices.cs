using System.Text.Json;
using Agents.Domain.Costs;

namespace Agents.Host.Engine.Money.Import;

/// <summary>
/// The <c>data.json</c> of genai-prices: an array of providers with their models, prices per million tokens. A model names itself by rules: the exact
/// ones, beginnings, endings and parts become names and patterns here; rules that need a regular expression or several conditions at once are left
/// out.
/// </summary>
public static class GenaiPrices
{
    /// <summary>Cached audio has a price and no count: no provider here tells how much of the cached input it was.</summary>
    const string Known =
        "input_mtok output_mtok cache_read_mtok cache_write_mtok input_audio_mtok output_audio_mtok cache_audio_read_mtok requests_kcount";

    /// <param name="providers">Whose models are taken, by the provider's <c>id</c>; of one name, the first provider's.</param>
    /// <param name="day">Prices that hold from a later day are not taken.</param>
    /// <exception cref="JsonException">It is not that format.</exception>
    public static ImportedPrices Read(string json, string version, IReadOnlyList<string> providers, DateOnly day, string source)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind is not JsonValueKind.Array) throw new JsonException("The file of genai-prices is an array of providers.");

        var (entries, skipped) = (new List<PriceListEntry>(), new List<string>());
        foreach (var name in providers)
        foreach (var provider in document.RootElement.EnumerateArray().Where(provider => TextOf(provider, "id") == name))
        foreach (var model in Items(provider, "models"))
            PublicPrices.AddOrSkip(TextOf(model, "id") ?? "(no id)", () => EntriesOf(model, name, day, source), entries, skipped);
        return new(new(version, entries), skipped);
    }

    static IEnumerable<PriceListEntry> EntriesOf(JsonElement model, string provider, DateOnly day, string source)
    {
        var price = PriceOf(PricesOn(model, day));
        if (price is { Input: 0, Output: 0, RequestFee: null }) throw new FormatException("it is listed at zero, which is not known to be free");

        var @checked = DateOnly.TryParse(TextOf(model, "prices_checked"), out var said) ? said : day;
        var names = model.TryGetProperty("match", out var match) ? NamesOf(match) : [];
        if (TextOf(model, "id") is { } id) names = names.Prepend(id);
        return names.Distinct().Select(name => new PriceListEntry(name, price, null, null, provider, source, @checked));
    }

    /// <summary>Either the prices, or a list of them with conditions, of which the last one that holds counts.</summary>
    static JsonElement PricesOn(JsonElement model, DateOnly day)
    {
        if (!model.TryGetProperty("prices", out var prices)) throw new FormatException("it has no prices");
        if (prices.ValueKind is JsonValueKind.Object) return prices;

        JsonElement? found = null;
        foreach (var conditional in prices.EnumerateArray())
        {
            var isLimited = conditional.TryGetProperty("constraint", out var constraint) && constraint.ValueKind is not JsonValueKind.Null;
            if (isLimited && TextOf(constraint, "start_date") is null) throw new FormatException("its prices depend on the time of day");
            if (!isLimited || DateOnly.Parse(TextOf(constraint, "start_date")!, null) <= day) found = conditional.GetProperty("prices");
        }

        return found ?? throw new FormatException("it has no prices yet");
    }

    static Price PriceOf(JsonElement prices)
    {
        var others = prices.EnumerateObject().Where(member => member.Value.ValueKind is not JsonValueKind.Null).Select(member => member.Name)
            .Except(Known.Split(' '));
        if (others.FirstOrDefault() is { } unknown) throw new FormatException($"it has a price of another kind, {unknown}");

        LongInputPrice? longer = null;
        foreach (var start in prices.EnumerateObject().SelectMany(member => Items(member.Value, "tiers"))
            .Select(tier => tier.GetProperty("start").GetInt64()).Distinct().OrderDescending())
            longer = new(start, At(start) with { LongInput = longer });
        return At(0) with { LongInput = longer, RequestFee = PublicPrices.Fee(prices, "requests_kcount", 0.001m) };

        Price At(long tokens) => new(
            Bucket("input_mtok", tokens) ?? throw new FormatException("it has no price for input"),
            Bucket("output_mtok", tokens) ?? throw new FormatException("it has no price for output"),
            Bucket("cache_read_mtok", tokens), Bucket("cache_write_mtok", tokens),
            AudioInput: Bucket("input_audio_mtok", tokens), AudioOutput: Bucket("output_audio_mtok", tokens));

        decimal? Bucket(string name, long tokens)
        {
            if (!prices.TryGetProperty(name, out var bucket) || bucket.ValueKind is not JsonValueKind.Object)
                return PublicPrices.Usd(prices, name, 1);
            var tier = Items(bucket, "tiers").Where(tier => tokens > 0 && tier.GetProperty("start").GetInt64() <= tokens)
                .OrderBy(tier => tier.GetProperty("start").GetInt64()).Select(tier => (JsonElement?)tier).LastOrDefault();
            return tier is { } reached ? PublicPrices.Usd(reached, "price", 1) : PublicPrices.Usd(bucket, "base", 1);
        }
    }

    static IEnumerable<string> NamesOf(JsonElement match)
    {
        if (match.TryGetProperty("or", out var several)) return several.EnumerateArray().SelectMany(NamesOf);
        if (TextOf(match, "equals") is { } exact) return [exact];
        if (TextOf(match, "starts_with") is { } start) return [start + "*"];
        if (TextOf(match, "ends_with") is { } end) return ["*" + end];
        return TextOf(match, "contains") is { } part ? [$"*{part}*"] : [];
    }

    static string? TextOf(JsonElement holder, string name) =>
        holder.ValueKind is JsonValueKind.Object && holder.TryGetProperty(name, out var member)
            && member.ValueKind is JsonValueKind.String ? member.GetString() : null;

    static IEnumerable<JsonElement> Items(JsonElement holder, string name) =>
        holder.ValueKind is JsonValueKind.Object && holder.TryGetProperty(name, out var member)
            && member.ValueKind is JsonValueKind.Array ? member.EnumerateArray() : [];
}
