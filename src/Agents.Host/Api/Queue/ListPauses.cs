using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Pauses of admission: those that hold back the caller's tenant, to the platform all.</summary>
public static class ListPausesEndpoint
{
    [WolverineGet("/pauses"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<PauseView>>(200)]
    public static async Task<IResult> Get(PauseStore pauses, HttpContext http, CancellationToken ct) =>
        Results.Ok(new Page<PauseView>(await pauses.List(Caller.Of(http), ct), null));
}
