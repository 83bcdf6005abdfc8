using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Schedules;

/// <summary>Stops a schedule from firing until it is resumed. Its runs go on.</summary>
public static class PauseScheduleEndpoint
{
    [WolverinePost("/schedules/{name}/pause"), Requires(Permissions.Operate)]
    [ProducesResponseType<ScheduleView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(string name, ScheduleStore schedules, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        return await schedules.Pause(caller.Tenant, name, caller.Actor, ct)
            ? Results.Ok(await schedules.Find(caller.Tenant, name, ct))
            : ScheduleRequests.NotFound(name);
    }
}
