using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>What waits, for how long, and how fast it goes. The platform sees all tenants, others their own.</summary>
public static class GetQueuesEndpoint
{
    [WolverineGet("/queues"), Requires(Permissions.Read)]
    [ProducesResponseType<Page<QueueView>>(200)]
    public static async Task<Page<QueueView>> Get(QueueReader queues, HttpContext http, CancellationToken ct) =>
        new(await queues.Classes(Caller.Of(http) is { IsPlatform: false, Tenant: var own } ? own : null, ct), null);
}
