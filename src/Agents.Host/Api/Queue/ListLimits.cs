using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>All limits and weights, and how many runs each counts now. Those of other tenants are shown to administrators only.</summary>
public static class ListLimitsEndpoint
{
    [WolverineGet("/limits"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<LimitView>>(200)]
    public static async Task<IResult> Get(LimitStore limits, HttpContext http, CancellationToken ct)
    {
        var own = new Scope("tenant", Caller.Of(http).Tenant).ToString();
        var seesAll = http.User.IsInRole(Roles.Admin);
        var all = await limits.List(null, ct);
        return Results.Ok(new Page<LimitView>(
            [.. all.Where(limit => seesAll || limit.Scope == own || !limit.Scope.StartsWith("tenant:", StringComparison.Ordinal))], null));
    }
}
