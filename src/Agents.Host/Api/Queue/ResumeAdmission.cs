using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Gives slots again where admission was paused.</summary>
public static class ResumeAdmissionEndpoint
{
    [WolverineDelete("/pauses/{scope}"), Requires(Permissions.Administer)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(403), ProducesResponseType<ProblemDetails>(404),
     ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Delete(string scope, PauseStore pauses, HttpContext http, CancellationToken ct)
    {
        if (Scope.Parse(scope, PauseStore.Whole, PauseStore.Named, out var refusal) is not { } parsed) return refusal!.Answer();
        var caller = Caller.Of(http);
        if (!PauseProblems.IsOwn(parsed, caller)) return PauseProblems.NotOwn(caller);
        if (await pauses.Remove(parsed, caller, ct)) return Results.NoContent();
        return await pauses.List(parsed, ct) is [_] ? PauseProblems.OfPlatform(parsed) : PauseProblems.NotFound(parsed);
    }
}
