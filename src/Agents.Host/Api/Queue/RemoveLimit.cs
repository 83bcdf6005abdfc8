using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Removes a limit, and the weight with it.</summary>
public static class RemoveLimitEndpoint
{
    [WolverineDelete("/limits/{scope}"), Requires(Permissions.Platform)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string scope, LimitStore limits, HttpContext http, CancellationToken ct)
    {
        if (Scope.Parse(scope, LimitStore.Whole, LimitStore.Named, out var refusal) is not { } parsed) return refusal!.Answer();
        return await limits.Remove(parsed, Caller.Of(http).Actor, ct) ? Results.NoContent() : LimitProblems.NotFound(parsed);
    }
}
