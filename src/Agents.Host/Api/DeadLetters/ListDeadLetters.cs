using Agents.Host.Http;
using Agents.Host.Log;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.DeadLetters;

/// <summary>Messages that were given up, newest first. There should be none; each is an error to report.</summary>
public static class ListDeadLettersEndpoint
{
    static readonly Paging Pages = new(Default: 100, Most: 1000);

    public static ProblemDetails Validate(int? limit) => Pages.Problem(limit) ?? WolverineContinue.NoProblems;

    [WolverineGet("/dead-letters"), Requires(Permissions.Read)]
    public static async Task<Page<DeadLetterView>> Get([FromQuery] int? limit, DeadLetterLog letters, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        return new(await letters.List(caller.Tenant, caller.IsPlatform, null, Pages.Limit(limit), ct), null);
    }
}
