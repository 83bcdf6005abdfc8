using Agents.Host.Engine.Queue;
using Agents.Host.Http;

namespace Agents.Host.Api.Queue;

static class PauseProblems
{
    public static IResult NotFound(Scope scope) =>
        Refusals.Unknown("Not paused", $"Admission is not paused for {scope}. GET /pauses lists where it is.").Answer();
}
