using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>All limits with what is used of them, by all tenants together.</summary>
public static class ListRatesEndpoint
{
    [WolverineGet("/rates"), Requires(Permissions.Platform)]
    public static async Task<Page<RateView>> Get(RateStore rates, CancellationToken ct) => new(await rates.List(null, null, ct), null);
}
