using Agents.Host.Http;
using Agents.Host.Streaming;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>
/// Server-sent events: the facts after <c>Last-Event-ID</c> (or <c>?after=</c>), then live with the model's words as they come, to the terminal fact,
/// then <c>data: [DONE]</c>. <c>?format=simple</c> gives thinking, tool_call, tool_result and answer instead; <c>?on_disconnect=cancel</c> cancels
/// the run when the last reader that said so has left, and is for callers who may cancel it.
/// </summary>
public static class StreamRunEndpoint
{
    const string Facts = "facts";
    const string Simple = "simple";
    const string Continue = "continue";
    const string Cancel = "cancel";

    public static ProblemDetails Validate(
        string? format, [FromQuery(Name = "on_disconnect")] string? onDisconnect, [FromQuery] long? after,
        [FromHeader(Name = "Last-Event-ID")] string? last)
    {
        if (format is not (null or Facts or Simple)) return Refusals.Malformed("Unknown format", $"A format is {Facts} or {Simple}.");
        if (onDisconnect is not (null or Continue or Cancel)) return Refusals.Malformed("Unknown on_disconnect", $"It is {Continue} or {Cancel}.");
        return StreamStart.Problem(after, last, "a version") ?? WolverineContinue.NoProblems;
    }

    [WolverineGet("/runs/{id}/stream"), Requires(Permissions.Read), StaysOpen]
    [ProducesResponseType(typeof(string), 200, "text/event-stream"), ProducesResponseType<ProblemDetails>(403),
     ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        Guid id, [FromQuery] string? format, [FromQuery] long? after, [FromHeader(Name = "Last-Event-ID")] string? last,
        [FromQuery(Name = "on_disconnect")] string? onDisconnect,
        RunHubs hubs, RunFollower follower, Departures departures, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (onDisconnect is Cancel && !Permissions.Has(http.User, Permissions.Operate)) return Results.Forbid();
        if (!await hubs.Knows(caller.Tenant, id)) return RunProblems.NotFound(id);

        var items = follower.Follow(caller.Tenant, id, StreamStart.Of(after, last) ?? 0, ct);
        var stream = new EventStream(format is Simple ? SimpleFormat.Of(items, ct) : FactsFormat.Of(items, caller.SeesMoney, ct));
        return onDisconnect is Cancel ? stream with { Presence = () => departures.Join(caller.Tenant, id, caller.Actor) } : stream;
    }
}
