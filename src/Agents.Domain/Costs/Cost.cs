namespace Agents.Domain.Costs;

/// <summary>What a call cost and which price list said so.</summary>
/// <param name="Usd">US dollars, exact, at least 0.</param>
/// <param name="PriceVersion">Version of the price list it was valued with.</param>
public sealed record Cost(decimal Usd, string PriceVersion);
