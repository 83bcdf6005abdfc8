using Agents.Host.Http;
using Agents.Host.Log;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.DeadLetters;

/// <summary>Throws a message away. Its run is not touched: the watchdog sends the run's work again for as long as it is owed.</summary>
public static class DiscardDeadLetterEndpoint
{
    [WolverineDelete("/dead-letters/{id}"), Requires(Permissions.Operate)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(Guid id, DeadLetterLog letters, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (await letters.List(caller.Tenant, caller.IsPlatform, id, 1, ct) is not [_]) return DeadLetterProblems.NotFound(id);

        await letters.Discard(caller.Tenant, [id], caller.Actor, ct);
        return Results.NoContent();
    }
}
