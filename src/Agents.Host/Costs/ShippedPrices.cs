using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Costs;

namespace Agents.Host.Costs;

/// <summary>The price list that comes with the server (<c>prices.json</c>), and the reading of its format.</summary>
public static class ShippedPrices
{
    /// <summary>The list inside this assembly.</summary>
    public static PriceList Load()
    {
        using var json = typeof(ShippedPrices).Assembly.GetManifestResourceStream("prices.json")!;
        return Read(json);
    }

    /// <summary>A list in the format of <c>prices.json</c>.</summary>
    /// <exception cref="JsonException">Not that format: unknown or missing fields, a price out of bounds, a model named twice.</exception>
    public static PriceList Read(Stream json)
    {
        var file = JsonSerializer.Deserialize<PriceFile>(json, Format)!;
        try
        {
            var entries = file.Entries.SelectMany(entry => entry.Models.Select(model => new PriceListEntry(model, entry.ToPrice()))).ToList();
            var twice = entries.GroupBy(entry => entry.Model).FirstOrDefault(sameModel => sameModel.Count() > 1);

            return twice is null ? new PriceList(file.Version, entries) : throw new JsonException($"The price list names {twice.Key} twice.");
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        NumberHandling = JsonNumberHandling.Strict,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    sealed record PriceFile(string Version, string Currency, string Unit, IReadOnlyList<Entry> Entries);

    sealed record Entry(
        string Provider, IReadOnlyList<string> Models, string Source, DateOnly Checked, decimal Input, decimal Output, decimal? CachedInput = null,
        decimal? CacheWrite5Minutes = null, decimal? CacheWrite1Hour = null, decimal? Reasoning = null, LongInput? LongInput = null)
    {
        public Price ToPrice() =>
            new(Input, Output, CachedInput, CacheWrite5Minutes, CacheWrite1Hour, Reasoning, LongInput?.ToPrice());
    }

    sealed record LongInput(
        long AboveTokens, decimal Input, decimal Output, decimal? CachedInput = null,
        decimal? CacheWrite5Minutes = null, decimal? CacheWrite1Hour = null, decimal? Reasoning = null)
    {
        public LongInputPrice ToPrice() => new(AboveTokens, new(Input, Output, CachedInput, CacheWrite5Minutes, CacheWrite1Hour, Reasoning));
    }
}
