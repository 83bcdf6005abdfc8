using Agents.Domain.Runs;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Runs, newest first, by status, agent, and the kind of failure they are parked or failed for.</summary>
public static class ListRunsEndpoint
{
    static readonly Paging Pages = new(Default: 50, Most: 200);

    public static ProblemDetails Validate(string? status, string? cursor, int? limit, string? failure)
    {
        if (status is not null && StatusOf(status) is null)
            return Refusals.Malformed(
                "Unknown status", $"A status is one of: {string.Join(", ", Enum.GetNames<RunStatus>().Select(name => name.ToLowerInvariant()))}.");
        if (failure is not null && !Enum.GetNames<FailureKind>().Contains(failure))
            return Refusals.Malformed("Unknown failure", $"A failure is one of: {string.Join(", ", Enum.GetNames<FailureKind>())}.");
        return Pages.Problem(limit, cursor) ?? WolverineContinue.NoProblems;
    }

    [WolverineGet("/runs"), Requires(Permissions.Read)]
    public static Task<Page<RunView>> Get(
        [FromQuery] string? status, [FromQuery] string? agent, [FromQuery] string? failure, [FromQuery] string? cursor, [FromQuery] int? limit,
        RunReader runs, HttpContext http, CancellationToken ct) =>
        runs.Runs(
            Caller.Of(http).Tenant, status is null ? null : StatusOf(status), agent, failure,
            Paging.Before(cursor), Pages.Limit(limit), ct);

    static RunStatus? StatusOf(string name) =>
        Enum.TryParse<RunStatus>(name, ignoreCase: true, out var status) && !int.TryParse(name, out _) ? status : null;
}
