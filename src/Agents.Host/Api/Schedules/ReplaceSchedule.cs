using Agents.Host.Catalog;
using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Schedules;

/// <summary>Changes a schedule. It goes on from now; runs it has asked for are left alone.</summary>
public static class ReplaceScheduleEndpoint
{
    public static async Task<AskedAgent> LoadAsync(ScheduleRequest wanted, AgentCatalog agents, HttpContext http, CancellationToken ct) =>
        await agents.Find(Caller.Of(http).Tenant, wanted.Run?.Agent, ct);

    public static ProblemDetails Validate(ScheduleRequest wanted, string name, AskedAgent agent, ModelProviders models, DatabaseClock clock)
    {
        if (wanted.Name is { } other && other != name)
            return Refusals.Malformed("Another name", "A schedule keeps its name: it is the one in the address.");
        return ScheduleRequests.Problem(wanted, name, agent, models, clock.GetUtcNow()) ?? WolverineContinue.NoProblems;
    }

    [WolverinePut("/schedules/{name}"), Requires(Permissions.Operate)]
    [ProducesResponseType<ScheduleView>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Put(
        ScheduleRequest wanted, string name, ScheduleStore schedules, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var next = Timetable.Parse(wanted.Cron!, wanted.TimeZone, out _)!.After(clock.GetUtcNow());
        if (!caller.SeesMoney && wanted.Run!.BudgetUsd is null && await schedules.Find(caller.Tenant, name, ct) is { } before)
            wanted = wanted with { Run = wanted.Run with { BudgetUsd = before.Run.BudgetUsd } }; // the caller read null, whatever it was

        return await schedules.Replace(caller.Tenant, name, wanted, next, caller.Actor, ct)
            ? Results.Ok(await schedules.Find(caller.Tenant, name, ct))
            : ScheduleRequests.NotFound(name);
    }
}
