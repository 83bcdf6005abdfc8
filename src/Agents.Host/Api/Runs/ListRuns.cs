using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Runs, newest first, by all that a run can be looked for; filters given together must all fit.</summary>
public static class ListRunsEndpoint
{
    static readonly Paging Pages = new(Default: 50, Most: 200);

    public static ProblemDetails Validate(
        string? status, string? cursor, int? limit, string? failure, string? q, string? since, string? until, string? label, string? minCostUsd,
        HttpContext http) =>
        RunFilter.Problem(status, failure, q, since, until, label, minCostUsd, Caller.Of(http)) ?? Pages.Problem(limit, cursor)
        ?? WolverineContinue.NoProblems;

    /// <param name="status">A run's status, or waiting: queued, or running and without a slot because it waits for something.</param>
    /// <param name="q">Stands in the question, in capitals or not.</param>
    /// <param name="since">Queued at this time or later.</param>
    /// <param name="until">Queued before this time.</param>
    /// <param name="label">A label and its value, such as customer=acme.</param>
    /// <param name="schedule">The name of a schedule.</param>
    /// <param name="minCostUsd">Has cost so many US dollars or more; for callers who may see amounts.</param>
    [WolverineGet("/runs"), Requires(Permissions.Read)]
    public static Task<Page<RunView>> Get(
        [FromQuery] string? status, [FromQuery] string? agent, [FromQuery] string? failure, [FromQuery] string? cursor, [FromQuery] int? limit,
        [FromQuery] string? q, [FromQuery] Guid? forkedFrom, [FromQuery] string? since, [FromQuery] string? until, [FromQuery] string? label,
        [FromQuery] Guid? batch, [FromQuery] string? schedule, [FromQuery] string? thread, [FromQuery] string? minCostUsd, RunReader runs,
        HttpContext http, CancellationToken ct) =>
        runs.Runs(
            Caller.Of(http).Tenant, RunFilter.Of(status, failure, q, since, until, label, minCostUsd) with
            {
                Agent = agent, ForkedFrom = forkedFrom, Batch = batch, Schedule = schedule, Thread = thread,
            }, Paging.Before(cursor), Pages.Limit(limit), ct);
}
