using Agents.Host.Streaming;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Runs;

/// <summary>
/// Server-sent events: the facts after <c>Last-Event-ID</c> (or <c>?after=</c>), then live, to the terminal one, then <c>data: [DONE]</c>.
/// <c>?format=simple</c> gives thinking, tool_call, tool_result and answer instead.
/// </summary>
public static class StreamRunEndpoint
{
    const string Facts = "facts";
    const string Simple = "simple";

    public static ProblemDetails Validate(string? format) => format is null or Facts or Simple
        ? WolverineContinue.NoProblems
        : new() { Status = 400, Title = "Unknown format", Detail = $"A format is {Facts} or {Simple}." };

    [WolverineGet("/runs/{id}/stream"), ProducesResponseType(typeof(string), 200, "text/event-stream"), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        Guid id, [FromQuery] string? format, [FromQuery] long? after, [FromHeader(Name = "Last-Event-ID")] string? last,
        RunHubs hubs, RunFollower follower, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        if (!await hubs.Knows(tenant, id)) return RunProblems.NotFound(id);

        var from = long.TryParse(last, out var seen) ? seen : after ?? 0;
        var frames = follower.Follow(tenant, id, from, ct);
        return new EventStream(format is Simple ? SimpleFormat.Of(frames) : FactsFormat.Of(frames));
    }
}
