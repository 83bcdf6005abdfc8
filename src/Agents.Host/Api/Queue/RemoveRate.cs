using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <summary>Removes a limit, and what the provider told; the next reply may tell it again.</summary>
public static class RemoveRateEndpoint
{
    [WolverineDelete("/rates/{provider}/{**model}"), Requires(Permissions.Platform)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(
        string provider, string model, RateStore rates, NodeSignals signals, HttpContext http, CancellationToken ct)
    {
        if (!await rates.Remove(provider, model, Caller.Of(http).Actor, ct))
            return RateProblems.NotFound();

        signals.WakeAdmissionEverywhere();
        return Results.NoContent();
    }
}
