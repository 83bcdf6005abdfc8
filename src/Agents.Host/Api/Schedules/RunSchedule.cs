using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Schedules;

/// <summary>Asks for a schedule's run now, whatever its time, whether it is paused, and beside runs that have not ended.</summary>
public static class RunScheduleEndpoint
{
    [WolverinePost("/schedules/{name}/run"), Requires(Permissions.Operate)]
    [ProducesResponseType<QueuedRun>(202), ProducesResponseType<ProblemDetails>(404), ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Post(
        string name, ScheduleStore schedules, AgentCatalog agents, ModelProviders models, DatabaseClock clock, IDocumentSession session,
        HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await schedules.Find(caller.Tenant, name, ct) is not { } schedule) return ScheduleRequests.NotFound(name);
        var agent = await agents.Find(caller.Tenant, schedule.Run.Agent, ct);
        if (RunRequests.Problem(schedule.Run, agent, models, clock.GetUtcNow()) is { } problem)
            return Refusals.Conflict(problem.Title, problem.Detail).Answer();

        var run = RunRequests.Run(
            schedule.Run, agent, clock.GetUtcNow(), key: null, hash: null, ThreadPlace.None) with { Schedule = new Firing(schedule.Id, At: null) };
        var runId = run.Queue(session, models, caller);
        session.QueueSqlCommand(
            "insert into agents.schedule_change (tenant_id, schedule_id, name, change, by, by_key) values (?, ?, ?, 'run', ?, ?)",
            caller.Tenant, schedule.Id, name, caller.Name, (object?)caller.KeyId ?? DBNull.Value);
        return Results.Accepted($"/runs/{runId}", new QueuedRun(runId, "queued", $"/runs/{runId}", $"/runs/{runId}/stream"));
    }
}
