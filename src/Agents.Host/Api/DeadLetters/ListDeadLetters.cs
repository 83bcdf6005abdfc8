using Agents.Host.Http;
using Agents.Host.Log;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.DeadLetters;

/// <summary>Messages that were given up, newest first. There should be none; each is an error to report.</summary>
public static class ListDeadLettersEndpoint
{
    const int DefaultLimit = 100;
    const int MostAtOnce = 1000;

    public static ProblemDetails Validate(int? limit) => limit is < 1 or > MostAtOnce
        ? new() { Status = 400, Title = "Bad limit", Detail = $"A limit is from 1 to {MostAtOnce:N0}." }
        : WolverineContinue.NoProblems;

    [WolverineGet("/dead-letters"), Requires(Permissions.Read)]
    public static async Task<Page<DeadLetterView>> Get([FromQuery] int? limit, DeadLetterLog letters, HttpContext http, CancellationToken ct) =>
        new(await letters.List(Caller.Of(http).Tenant, null, limit ?? DefaultLimit, ct), null);
}
