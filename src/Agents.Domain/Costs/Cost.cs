namespace Agents.Domain.Costs;

/// <summary>What a call cost and which price list said so.</summary>
/// <param name="Usd">US dollars, exact: never rounded, at least 0.</param>
/// <param name="PriceVersion">The <see cref="PriceList.Version"/> in force when the call happened.</param>
public sealed record Cost(decimal Usd, string PriceVersion);
