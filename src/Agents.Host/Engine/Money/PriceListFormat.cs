using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Costs;

namespace Agents.Host.Engine.Money;

/// <summary>Price lists as JSON: the format of <c>prices.json</c>, and the list that comes with the server.</summary>
public static class PriceListFormat
{
    const string Currency = "USD";
    const string Unit = "per million tokens";

    static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        NumberHandling = JsonNumberHandling.Strict,
        ReadCommentHandling = JsonCommentHandling.Skip,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The list inside this assembly, to the letter.</summary>
    public static string Shipped()
    {
        using var json = new StreamReader(typeof(PriceListFormat).Assembly.GetManifestResourceStream("prices.json")!);
        return json.ReadToEnd();
    }

    /// <exception cref="JsonException">Not that format: unknown or missing fields, a price out of bounds, a model named twice.</exception>
    public static PriceList Read(string json)
    {
        var file = JsonSerializer.Deserialize<PriceFile>(json, Format) ?? throw new JsonException("The price list is null.");
        if (file.Entries.Any(entry => entry is null || entry.Models.Any(model => model is null)))
            throw new JsonException("An entry, or a model's name, is null.");
        if (file.Currency != Currency || file.Unit != Unit) throw new JsonException($"A price list is in {Currency} {Unit}.");
        try
        {
            var entries = file.Entries.SelectMany(entry => entry.Models.Select(entry.Of)).ToList();
            var twice = entries.GroupBy(entry => (entry.Model, entry.ServiceTier)).FirstOrDefault(same => same.Count() > 1);
            if (twice is not null) throw new JsonException($"The price list names {twice.Key.Model} twice.");
            foreach (var entry in entries.Where(entry => entry.BatchFactor is not null)) _ = entry.Price.Times(entry.BatchFactor!.Value);
            return new(file.Version, entries);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public static string Write(PriceList prices) =>
        JsonSerializer.Serialize(new PriceFile(prices.Version, Currency, Unit, [.. prices.Entries.Select(Entry.From)]), Format);

    sealed record PriceFile(string Version, string Currency, string Unit, IReadOnlyList<Entry> Entries);

    /// <param name="Source">Where the prices were read.</param>
    /// <param name="Checked">When.</param>
    /// <param name="RequestFee">US dollars for each call; <paramref name="WebSearchFee"/> for each search of the provider.</param>
    sealed record Entry(
        string Provider, IReadOnlyList<string> Models, string Source, DateOnly Checked, decimal Input, decimal Output, decimal? CachedInput = null,
        decimal? CacheWrite5Minutes = null, decimal? CacheWrite1Hour = null, decimal? Reasoning = null, LongInput? LongInput = null,
        string? ServiceTier = null, decimal? BatchFactor = null, decimal? AudioInput = null, decimal? AudioOutput = null,
        decimal? RequestFee = null, decimal? WebSearchFee = null)
    {
        public PriceListEntry Of(string model) => new(
            model,
            new(Input, Output, CachedInput, CacheWrite5Minutes, CacheWrite1Hour, Reasoning, LongInput?.ToPrice(), AudioInput, AudioOutput, RequestFee,
                WebSearchFee),
            ServiceTier?.ToLowerInvariant(), BatchFactor, Provider, Source, Checked);

        public static Entry From(PriceListEntry entry) => new(
            entry.Provider ?? "", [entry.Model], entry.Source ?? "", entry.Checked ?? default, entry.Price.Input, entry.Price.Output,
            entry.Price.CachedInput,
            entry.Price.CacheWrite5Minutes, entry.Price.CacheWrite1Hour, entry.Price.Reasoning, LongInput.From(entry.Price.LongInput),
            entry.ServiceTier, entry.BatchFactor, entry.Price.AudioInput, entry.Price.AudioOutput, entry.Price.RequestFee, entry.Price.WebSearchFee);
    }

    sealed record LongInput(
        long AboveTokens, decimal Input, decimal Output, decimal? CachedInput = null, decimal? CacheWrite5Minutes = null,
        decimal? CacheWrite1Hour = null, decimal? Reasoning = null, decimal? AudioInput = null, decimal? AudioOutput = null,
        [property: JsonPropertyName("longInput")] LongInput? Longer = null)
    {
        public LongInputPrice ToPrice() => new(
            AboveTokens, new(Input, Output, CachedInput, CacheWrite5Minutes, CacheWrite1Hour, Reasoning, Longer?.ToPrice(), AudioInput, AudioOutput));

        public static LongInput? From(LongInputPrice? price) => price is not { Price: var p } ? null : new(
            price.AboveTokens, p.Input, p.Output, p.CachedInput, p.CacheWrite5Minutes, p.CacheWrite1Hour, p.Reasoning, p.AudioInput, p.AudioOutput,
            From(p.LongInput));
    }
}
