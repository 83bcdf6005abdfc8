using Agents.Domain.Runs;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Why a run is not being worked on, or that it is.</summary>
/// <param name="Summary">One or two sentences.</param>
/// <param name="BlockedBy">
/// Everything that holds it back now, or has ended it without an answer, since when, and the command that lets it go on; empty when nothing does.
/// </param>
/// <param name="Position">Its place among the ready runs of its tenant, from 1. Null when it does not stand in line.</param>
/// <param name="StartsPerMinute">Slots its tenant was given for runs as urgent in the last five minutes, by the minute. Null when none.</param>
/// <param name="EstimatedStart">From its place and that pace. Null when it is unknown.</param>
/// <param name="Failure">Why it is parked or has failed. Null when it is neither.</param>
public sealed record WhyView(
    Guid Id, string Status, string Summary, IReadOnlyList<Obstacle> BlockedBy, long? Position, double? StartsPerMinute,
    DateTimeOffset? EstimatedStart, FailureView? Failure = null);

/// <summary>Explains why a run waits: its place in line, what holds it back, and when it can be expected to start.</summary>
public static class GetWhyEndpoint
{
    [WolverineGet("/runs/{id}/why"), Requires(Permissions.Read)]
    [ProducesResponseType<WhyView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(Guid id, WhyReader reader, HttpContext http, CancellationToken ct) =>
        await reader.Read(Caller.Of(http), id, ct) is { } why ? Results.Ok(why) : RunProblems.NotFound(id);
}
