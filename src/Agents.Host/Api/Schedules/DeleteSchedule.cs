using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Schedules;

/// <summary>Removes a schedule. Its runs stay, and go on.</summary>
public static class DeleteScheduleEndpoint
{
    [WolverineDelete("/schedules/{name}"), Requires(Permissions.Operate)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string name, ScheduleStore schedules, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        return await schedules.Delete(caller.Tenant, name, caller.Actor, ct) ? Results.NoContent() : ScheduleRequests.NotFound(name);
    }
}
