using Agents.Host.Engine.Schedules;
using Agents.Host.Http;
using Wolverine.Http;

namespace Agents.Host.Api.Schedules;

/// <summary>All schedules of the tenant, by name.</summary>
public static class ListSchedulesEndpoint
{
    [WolverineGet("/schedules"), Requires(Permissions.Read)]
    public static async Task<Page<ScheduleView>> Get(ScheduleStore schedules, HttpContext http, CancellationToken ct) =>
        new(await schedules.List(Caller.Of(http).Tenant, null, ct), null);
}
