using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Streaming;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>
/// Server-sent events of all runs in one stream: each fact with its run's id, from now on or after <c>Last-Event-ID</c> (or <c>?after=</c>), at least
/// once.
/// <c>?status=</c> and <c>?agent=</c>, several with commas, keep to some runs.
/// </summary>
public static class StreamRunsEndpoint
{
    public static ProblemDetails Validate(string? status, [FromQuery] long? after, [FromHeader(Name = "Last-Event-ID")] string? last)
    {
        if (Names(status).FirstOrDefault(name => !Statuses.Contains(name)) is not null)
            return Refusals.Malformed("Unknown status", $"A status is one of: {string.Join(", ", Statuses)}; several are separated by commas.");
        return StreamStart.Problem(after, last, "the id of an earlier event of this stream") ?? WolverineContinue.NoProblems;
    }

    [WolverineGet("/stream"), Requires(Permissions.Read), StaysOpen]
    [ProducesResponseType(typeof(string), 200, "text/event-stream"), ProducesResponseType<ProblemDetails>(400)]
    public static IResult Get(
        [FromQuery] string? status, [FromQuery] string? agent, [FromQuery] long? after, [FromHeader(Name = "Last-Event-ID")] string? last,
        TenantFollower follower, HttpContext http, CancellationToken ct)
    {
        var (statuses, agents, caller) = (Names(status), Names(agent), Caller.Of(http));
        return new EventStream(follower.Follow(
            caller.Tenant, caller.SeesMoney, StreamStart.Of(after, last),
            fact => (statuses.Count == 0 || statuses.Contains(fact.Status)) && (agents.Count == 0 || agents.Contains(fact.Agent)), ct));
    }

    static readonly IReadOnlyList<string> Statuses = [.. Enum.GetNames<RunStatus>().Select(name => name.ToLowerInvariant())];

    static HashSet<string> Names(string? list) =>
        [.. (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
}
