using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>What waits, for how long, and how fast it goes. Administrators see all tenants, others their own.</summary>
public static class GetQueuesEndpoint
{
    [WolverineGet("/queues"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<QueueView>>(200)]
    public static async Task<Page<QueueView>> Get(QueueReader queues, HttpContext http, CancellationToken ct) =>
        new(await queues.Classes(http.User.IsInRole(Roles.Admin) ? null : Caller.Of(http).Tenant, ct), null);
}
