using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Knowledge;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <summary>The passages most relevant to a query, best first; <c>sources</c> keeps to documents whose name begins so.</summary>
public static class SearchPassagesEndpoint
{
    const int DefaultLimit = 10;

    public static ProblemDetails Validate([FromQuery] string? q, [FromQuery] int? limit, KnowledgeLimits limits)
    {
        if (string.IsNullOrWhiteSpace(q)) return Refusals.Malformed("Empty query", "Pass what to look for as q.");
        if (q.Length > limits.QueryCharacters)
            return Refusals.Malformed("Query too long", $"A query may have {limits.QueryCharacters:N0} characters.");
        return new Paging(DefaultLimit, limits.Results).Problem(limit) ?? WolverineContinue.NoProblems;
    }

    [WolverineGet("/search"), Requires(Permissions.Read)]
    public static async Task<Page<Passage>> Get(
        [FromQuery] string? q, [FromQuery] int? limit, [FromQuery] string? sources, PassageIndex index, HttpContext http, CancellationToken ct) =>
        new(await index.Search(Caller.Of(http).Tenant, q!, limit ?? DefaultLimit, sources ?? "", ct), null);
}
