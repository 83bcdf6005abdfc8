using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>All pauses of admission. Those of other tenants are shown to administrators only.</summary>
public static class ListPausesEndpoint
{
    [WolverineGet("/pauses"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<PauseView>>(200)]
    public static async Task<IResult> Get(PauseStore pauses, HttpContext http, CancellationToken ct)
    {
        var own = new Scope("tenant", Caller.Of(http).Tenant).ToString();
        var seesAll = http.User.IsInRole(Roles.Admin);
        var all = await pauses.List(null, ct);
        return Results.Ok(new Page<PauseView>(
            [.. all.Where(pause => seesAll || pause.Scope == own || !pause.Scope.StartsWith("tenant:", StringComparison.Ordinal))], null));
    }
}
