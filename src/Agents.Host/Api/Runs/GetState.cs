using Agents.Host.Engine.Attempts;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>
/// A run as it was after one of its facts, folded from those before it, with the conversation as its model would have been told it then. By version or
/// by time; without either, as it is now. Reads the facts only: nothing is bought.
/// </summary>
public static class GetStateEndpoint
{
    public static ProblemDetails Validate([FromQuery] long? version, [FromQuery] DateTimeOffset? at) =>
        version < 1 ? Refusals.Malformed("Bad version", "Versions of a run count from 1.")
        : version is not null && at is not null ? Refusals.Malformed("Version and time", "Pass a version or a time, not both.")
        : WolverineContinue.NoProblems;

    [WolverineGet("/runs/{id}/state"), Requires(Permissions.Read)]
    [ProducesResponseType<StateView>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        Guid id, [FromQuery] long? version, [FromQuery] DateTimeOffset? at, PastRuns runs, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        if (await runs.Whole(tenant, id, ct) is not { } whole) return RunProblems.NotFound(id);
        if (version > whole.Version) return StateViews.NoVersion(version.Value, whole.Version);

        var wanted = version ?? (at is { } time ? whole.Facts.Count(fact => fact.At <= time) : whole.Version);
        if (wanted == 0) return Refusals.Unknown("No state yet", $"The run was queued at {whole.Facts[0].At.UtcDateTime:O}, after that time.").Answer();
        return Results.Ok(StateViews.Of(whole, await runs.At(tenant, whole, wanted, ct), runs));
    }
}
