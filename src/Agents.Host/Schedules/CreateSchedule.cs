using Agents.Host.Catalog;
using Agents.Host.Postgres;
using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Schedules;

/// <summary>Makes a schedule: a run that is asked for again and again.</summary>
public static class CreateScheduleEndpoint
{
    public static ProblemDetails Validate(ScheduleRequest wanted, AgentCatalog agents, DatabaseClock clock) =>
        ScheduleRequests.Problem(wanted, wanted.Name, agents, clock.GetUtcNow()) ?? WolverineContinue.NoProblems;

    [WolverinePost("/schedules"), ProducesResponseType<ScheduleView>(201), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Post(ScheduleRequest wanted, ScheduleStore schedules, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var (caller, name) = (Caller.Of(http), wanted.Name!);
        var next = Timetable.Parse(wanted.Cron!, wanted.TimeZone, out _)!.After(clock.GetUtcNow());
        if (await schedules.Create(caller.Tenant, name, wanted, next, caller.Name, ct))
            return Results.Created($"/schedules/{name}", await schedules.Find(caller.Tenant, name, ct));

        return await schedules.Find(caller.Tenant, name, ct) is null
            ? Results.Problem(statusCode: 409, title: "Too many schedules", detail: $"A tenant may have {ScheduleStore.MostPerTenant:N0}.")
            : Results.Problem(statusCode: 409, title: "Schedule exists", detail: $"There is a schedule {name} already. Change it with PUT /schedules/{name}.");
    }
}

/// <summary>Changes a schedule. It goes on from now; runs it has asked for are left alone.</summary>
public static class ReplaceScheduleEndpoint
{
    public static ProblemDetails Validate(ScheduleRequest wanted, string name, AgentCatalog agents, DatabaseClock clock)
    {
        if (wanted.Name is { } other && other != name) return new() { Status = 400, Title = "Another name", Detail = "A schedule keeps its name: it is the one in the address." };
        return ScheduleRequests.Problem(wanted, name, agents, clock.GetUtcNow()) ?? WolverineContinue.NoProblems;
    }

    [WolverinePut("/schedules/{name}"), ProducesResponseType<ScheduleView>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Put(ScheduleRequest wanted, string name, ScheduleStore schedules, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var next = Timetable.Parse(wanted.Cron!, wanted.TimeZone, out _)!.After(clock.GetUtcNow());
        return await schedules.Replace(caller.Tenant, name, wanted, next, caller.Name, ct)
            ? Results.Ok(await schedules.Find(caller.Tenant, name, ct))
            : ScheduleRequests.NotFound(name);
    }
}
