using Agents.Host.Engine.Queue;
using Agents.Host.Http;

namespace Agents.Host.Api.Queue;

static class PauseProblems
{
    /// <summary>Whether the caller may pause there at all: a tenant's administrator its tenant, the platform anywhere.</summary>
    public static bool IsOwn(Scope scope, Caller caller) => caller.IsPlatform || scope == Scope.Of(caller);

    public static IResult NotOwn(Caller caller) =>
        Refusals.Of(403, "Not allowed", $"An administrator of a tenant pauses that tenant alone: {Scope.Of(caller)}.").Answer();

    public static IResult OfPlatform(Scope scope) =>
        Refusals.Conflict("Paused by the platform", $"The platform has paused {scope}; only the platform changes or lifts that.").Answer();

    public static IResult NotFound(Scope scope) =>
        Refusals.Unknown("Not paused", $"Admission is not paused for {scope}. GET /pauses lists where it is.").Answer();
}
