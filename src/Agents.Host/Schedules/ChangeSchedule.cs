using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Agents.Host.Runs;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Schedules;

/// <summary>Stops a schedule from firing until it is resumed. Its runs go on.</summary>
public static class PauseScheduleEndpoint
{
    [WolverinePost("/schedules/{name}/pause"), ProducesResponseType<ScheduleView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(string name, ScheduleStore schedules, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        return await schedules.Pause(caller.Tenant, name, caller.Name, ct) ? Results.Ok(await schedules.Find(caller.Tenant, name, ct)) : ScheduleRequests.NotFound(name);
    }
}

/// <summary>Lets a paused schedule fire again, from its next time on.</summary>
public static class ResumeScheduleEndpoint
{
    [WolverinePost("/schedules/{name}/resume"), ProducesResponseType<ScheduleView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(string name, ScheduleStore schedules, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await schedules.Find(caller.Tenant, name, ct) is not { } paused) return ScheduleRequests.NotFound(name);

        var next = Timetable.Parse(paused.Cron, paused.TimeZone, out _)?.After(clock.GetUtcNow());
        return await schedules.Resume(caller.Tenant, name, next, caller.Name, ct) ? Results.Ok(await schedules.Find(caller.Tenant, name, ct)) : ScheduleRequests.NotFound(name);
    }
}

/// <summary>Removes a schedule. Its runs stay, and go on.</summary>
public static class DeleteScheduleEndpoint
{
    [WolverineDelete("/schedules/{name}"), ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string name, ScheduleStore schedules, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        return await schedules.Delete(caller.Tenant, name, caller.Name, ct) ? Results.NoContent() : ScheduleRequests.NotFound(name);
    }
}

/// <summary>Asks for a schedule's run now, whatever its time, whether it is paused, and beside runs that have not ended.</summary>
public static class RunScheduleEndpoint
{
    [WolverinePost("/schedules/{name}/run"), ProducesResponseType<QueuedRun>(202), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Post(
        string name, ScheduleStore schedules, AgentCatalog agents, ModelOptions models, DatabaseClock clock, IDocumentSession session, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await schedules.Find(caller.Tenant, name, ct) is not { } schedule) return ScheduleRequests.NotFound(name);
        if (RunRequests.Problem(schedule.Run, agents, clock.GetUtcNow()) is { } problem)
            return Results.Problem(statusCode: 409, title: problem.Title, detail: problem.Detail);

        var run = RunRequests.Run(schedule.Run, agents, clock.GetUtcNow(), key: null, hash: null, ThreadPlace.None) with { Schedule = new Firing(schedule.Id, At: null) };
        var runId = run.Queue(session, models, caller);
        session.QueueSqlCommand(
            "insert into agents.schedule_change (tenant_id, schedule_id, name, change, by) values (?, ?, ?, 'run', ?)", caller.Tenant, schedule.Id, name, caller.Name);
        return Results.Accepted($"/runs/{runId}", new QueuedRun(runId, "queued", $"/runs/{runId}", $"/runs/{runId}/stream"));
    }
}
