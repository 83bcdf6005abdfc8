using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Schedules;

/// <summary>Lets a paused schedule fire again, from its next time on.</summary>
public static class ResumeScheduleEndpoint
{
    [WolverinePost("/schedules/{name}/resume"), Requires(Permissions.Operate)]
    [ProducesResponseType<ScheduleView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(string name, ScheduleStore schedules, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await schedules.Find(caller.Tenant, name, ct) is not { } paused) return ScheduleRequests.NotFound(name);

        var next = Timetable.Parse(paused.Cron, paused.TimeZone, out _)?.After(clock.GetUtcNow());
        return await schedules.Resume(caller.Tenant, name, next, caller.Actor, ct)
            ? Results.Ok(await schedules.Find(caller.Tenant, name, ct))
            : ScheduleRequests.NotFound(name);
    }
}
