namespace Agents.Domain.Costs;

/// <summary>What a call cost and which price list said so.</summary>
/// <param name="Usd">US dollars, exact: never rounded, at least 0.</param>
/// <param name="PriceVersion">The <see cref="PriceList.Version"/> in force when the call was claimed.</param>
/// <param name="Unit">
/// The prices that applied, every bucket of text filled in and no <see cref="Price.LongInput"/>. Null in facts older than this field.
/// </param>
public sealed record Cost(decimal Usd, string PriceVersion, Price? Unit = null);
