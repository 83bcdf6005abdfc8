using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Schedules;

/// <summary>One schedule with its next times, its latest runs and its changes.</summary>
public static class GetScheduleEndpoint
{
    const int Upcoming = 5;

    [WolverineGet("/schedules/{name}"), Requires(Permissions.Read)]
    [ProducesResponseType<ScheduleDetails>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(string name, ScheduleStore schedules, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        if (await schedules.Find(tenant, name, ct) is not { } schedule) return ScheduleRequests.NotFound(name);

        var times = schedule.Paused ? null : Timetable.Parse(schedule.Cron, schedule.TimeZone, out _);
        return Results.Ok(new ScheduleDetails(
            schedule, times is null ? [] : [.. times.After(clock.GetUtcNow(), Upcoming).Select(times.Show)],
            await schedules.Runs(tenant, schedule.Id, ct), await schedules.Changes(tenant, name, ct)));
    }
}
