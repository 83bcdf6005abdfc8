using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Gives no run a slot any more: none at all, or none of a tenant or an agent, or none on a node. Runs that have one go on.</summary>
public static class PauseAdmissionEndpoint
{
    [WolverinePut("/pauses/{scope}"), Requires(Permissions.Administer)]
    [ProducesResponseType<PauseView>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Put(ReasonRequest request, string scope, PauseStore pauses, HttpContext http, CancellationToken ct)
    {
        if (Scope.Parse(scope, PauseStore.Whole, PauseStore.Named, out var refusal) is not { } parsed) return refusal!.Answer();
        if (request.Reason?.Length > TextBounds.ReasonCharacters) return RunProblems.BadReason(TextBounds.ReasonCharacters);

        await pauses.Set(parsed, Sanitiser.Text(request.Reason ?? "", TextBounds.ReasonCharacters), Caller.Of(http).Name, ct);
        return await pauses.List(parsed, ct) is [var pause] ? Results.Ok(pause) : PauseProblems.NotFound(parsed);
    }
}
