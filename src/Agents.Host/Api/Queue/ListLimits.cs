using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Limits and weights, and how many runs each counts now: of a tenant its own, to the platform all.</summary>
public static class ListLimitsEndpoint
{
    [WolverineGet("/limits"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<LimitView>>(200)]
    public static async Task<IResult> Get(LimitStore limits, HttpContext http, CancellationToken ct) =>
        Results.Ok(new Page<LimitView>(await limits.List(Caller.Of(http), ct), null));
}
