using Agents.Host.Catalog;
using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Schedules;

/// <summary>Makes a schedule: a run that is asked for again and again.</summary>
public static class CreateScheduleEndpoint
{
    public static async Task<AskedAgent> LoadAsync(ScheduleRequest wanted, AgentCatalog agents, HttpContext http, CancellationToken ct) =>
        await agents.Find(Caller.Of(http).Tenant, wanted.Run?.Agent, ct);

    public static ProblemDetails Validate(ScheduleRequest wanted, AskedAgent agent, ModelProviders models, DatabaseClock clock) =>
        ScheduleRequests.Problem(wanted, wanted.Name, agent, models, clock.GetUtcNow()) ?? WolverineContinue.NoProblems;

    [WolverinePost("/schedules"), Requires(Permissions.Operate)]
    [ProducesResponseType<ScheduleView>(201), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Post(
        ScheduleRequest wanted, ScheduleStore schedules, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var (caller, name) = (Caller.Of(http), wanted.Name!);
        var next = Timetable.Parse(wanted.Cron!, wanted.TimeZone, out _)!.After(clock.GetUtcNow());
        if (await schedules.Create(caller.Tenant, name, wanted, next, caller.Actor, ct))
            return Results.Created($"/schedules/{name}", await schedules.Find(caller.Tenant, name, ct));

        return await schedules.Find(caller.Tenant, name, ct) is null
            ? Refusals.Conflict("Too many schedules", $"A tenant may have {ScheduleStore.MostPerTenant:N0}.").Answer()
            : Refusals.Conflict("Schedule exists", $"There is a schedule {name} already. Change it with PUT /schedules/{name}.").Answer();
    }
}
