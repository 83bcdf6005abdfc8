using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Gives slots again where admission was paused.</summary>
public static class ResumeAdmissionEndpoint
{
    [WolverineDelete("/pauses/{scope}"), Requires(Permissions.Administer)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string scope, PauseStore pauses, CancellationToken ct)
    {
        if (Scope.Parse(scope, PauseStore.Whole, PauseStore.Named, out var refusal) is not { } parsed) return refusal!.Answer();
        return await pauses.Remove(parsed, ct) ? Results.NoContent() : PauseProblems.NotFound(parsed);
    }
}
