using Agents.Host.Http;
using Agents.Host.Log;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.DeadLetters;

/// <summary>Sends one message again that was given up. It does no harm twice: claims decide.</summary>
public static class ReplayDeadLetterEndpoint
{
    [WolverinePost("/dead-letters/{id}/replay"), Requires(Permissions.Operate)]
    [ProducesResponseType<ChangedLetters>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(Guid id, DeadLetterLog letters, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        return await letters.List(caller.Tenant, caller.IsPlatform, id, 1, ct) is [_]
            ? Results.Ok(new ChangedLetters(await letters.Replay(caller.Tenant, [id], caller.Actor, ct)))
            : DeadLetterProblems.NotFound(id);
    }
}
