using System.Text.Json;
using Agents.Domain.Costs;

namespace Agents.Host.Engine.Money.Import;

/// <summary>What a public price file came to.</summary>
/// <param name="Skipped">Models that were left out, and why: a price that cannot be told exactly is no price.</param>
public sealed record ImportedPrices(PriceList Prices, IReadOnlyList<string> Skipped);

/// <summary>What the readers of public formats share.</summary>
static class PublicPrices
{
    const int Decimals = 8;

    /// <summary>What a sum in binary floating point may be off by.</summary>
    const decimal Noise = 0.000000001m;

    /// <summary>US dollars per million tokens; null when the member is not there.</summary>
    /// <exception cref="FormatException">It is no number, or has more digits than a price may have.</exception>
    public static decimal? Usd(JsonElement holder, string name, decimal factor)
    {
        if (!holder.TryGetProperty(name, out var member) || member.ValueKind is JsonValueKind.Null) return null;
        if (member.ValueKind is not JsonValueKind.Number || !member.TryGetDecimal(out var number)) throw new FormatException($"{name} is no number");

        var usd = number * factor;
        var rounded = decimal.Round(usd, Decimals);
        return Math.Abs(usd - rounded) <= Noise ? rounded : throw new FormatException($"{name} has too many digits");
    }

    /// <summary>US dollars each; null when the member is not there or zero, which are the same for a fee.</summary>
    /// <exception cref="FormatException">It is no number, or has more digits than a price may have.</exception>
    public static decimal? Fee(JsonElement holder, string name, decimal factor) => Usd(holder, name, factor) is > 0 and var usd ? usd : null;

    /// <summary>Adds the entries of a model, or says why it is left out.</summary>
    public static void AddOrSkip(string name, Func<IEnumerable<PriceListEntry>> read, List<PriceListEntry> entries, List<string> skipped)
    {
        try
        {
            foreach (var entry in read().ToList())
                if (entries.Any(other => other.Model == entry.Model && other.ServiceTier == entry.ServiceTier))
                    skipped.Add($"{name}: {entry.Model} is there already");
                else entries.Add(entry);
        }
        catch (Exception e) when (e is FormatException or ArgumentOutOfRangeException)
        {
            skipped.Add($"{name}: {e.Message}");
        }
    }
}
