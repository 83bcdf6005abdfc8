using Agents.Domain.Runs;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Runs, newest first, by status, agent, and the kind of failure they are parked or failed for.</summary>
public static class ListRunsEndpoint
{
    const int DefaultLimit = 50;
    const int MostAtOnce = 200;

    public static ProblemDetails Validate(string? status, string? cursor, int? limit, string? failure)
    {
        if (status is not null && StatusOf(status) is null)
            return Refuse("Unknown status", $"A status is one of: {string.Join(", ", Enum.GetNames<RunStatus>().Select(name => name.ToLowerInvariant()))}.");
        if (failure is not null && !Enum.GetNames<FailureKind>().Contains(failure))
            return Refuse("Unknown failure", $"A failure is one of: {string.Join(", ", Enum.GetNames<FailureKind>())}.");
        if (cursor is not null && !Guid.TryParse(cursor, out _)) return Refuse("Bad cursor", "Pass the next of an earlier page as it is.");
        if (limit is < 1 or > MostAtOnce) return Refuse("Bad limit", $"A limit is from 1 to {MostAtOnce}.");
        return WolverineContinue.NoProblems;
    }

    [WolverineGet("/runs"), Requires(Permissions.Read)]
    public static Task<Page<RunView>> Get(
        [FromQuery] string? status, [FromQuery] string? agent, [FromQuery] string? failure, [FromQuery] string? cursor, [FromQuery] int? limit,
        RunReader runs, HttpContext http, CancellationToken ct) =>
        runs.Runs(
            Caller.Of(http).Tenant, status is null ? null : StatusOf(status), agent, failure,
            cursor is null ? null : Guid.Parse(cursor), limit ?? DefaultLimit, ct);

    static RunStatus? StatusOf(string name) =>
        Enum.TryParse<RunStatus>(name, ignoreCase: true, out var status) && !int.TryParse(name, out _) ? status : null;

    static ProblemDetails Refuse(string title, string detail) => new() { Status = 400, Title = title, Detail = detail };
}
