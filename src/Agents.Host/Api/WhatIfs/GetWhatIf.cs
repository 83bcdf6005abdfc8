using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.WhatIfs;

/// <summary>How far a what-if is, what it has spent by the cost ledger, and what came of it.</summary>
public static class GetWhatIfEndpoint
{
    [WolverineGet("/whatifs/{id}"), Requires(Permissions.Read)]
    [ProducesResponseType<WhatIfView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, WhatIfReader reader, HttpContext http, CancellationToken ct) =>
        await reader.Find(Caller.Of(http).Tenant, id, ct) is { } whatIf ? Results.Ok(whatIf) : WhatIfAnswers.NotFound(id);
}
