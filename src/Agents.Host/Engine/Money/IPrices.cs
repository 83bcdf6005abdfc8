using Agents.Domain.Costs;

namespace Agents.Host.Engine.Money;

/// <summary>The price lists that hold now.</summary>
public interface IPrices
{
    /// <summary>The prices in force for a tenant, now by the database's clock.</summary>
    Task<PriceList> InForce(string tenant, CancellationToken ct);
}
