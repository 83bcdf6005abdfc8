using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>
/// Gives no run a slot any more: none at all, or none of a tenant or an agent, or none on a node. Runs that have one go on. A tenant's administrator
/// pauses that tenant alone.
/// </summary>
public static class PauseAdmissionEndpoint
{
    [WolverinePut("/pauses/{scope}"), Requires(Permissions.Administer)]
    [ProducesResponseType<PauseView>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(403),
     ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Put(ReasonRequest request, string scope, PauseStore pauses, HttpContext http, CancellationToken ct)
    {
        if (Scope.Parse(scope, PauseStore.Whole, PauseStore.Named, out var refusal) is not { } parsed) return refusal!.Answer();
        var caller = Caller.Of(http);
        if (!PauseProblems.IsOwn(parsed, caller)) return PauseProblems.NotOwn(caller);
        if (request.Reason?.Length > TextBounds.ReasonCharacters) return RunProblems.BadReason(TextBounds.ReasonCharacters);

        if (!await pauses.Set(parsed, Sanitiser.Text(request.Reason ?? "", TextBounds.ReasonCharacters), caller, ct))
            return PauseProblems.OfPlatform(parsed);
        return await pauses.List(parsed, ct) is [var pause] ? Results.Ok(pause) : PauseProblems.NotFound(parsed);
    }
}
