using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>All limits with what is used of them.</summary>
public static class ListRatesEndpoint
{
    [WolverineGet("/rates"), Requires(Permissions.Read)]
    public static async Task<Page<RateView>> Get(RateStore rates, CancellationToken ct) => new(await rates.List(null, null, ct), null);
}
