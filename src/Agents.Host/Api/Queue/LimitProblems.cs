using Agents.Host.Engine.Queue;
using Agents.Host.Http;

namespace Agents.Host.Api.Queue;

static class LimitProblems
{
    public static IResult NotFound(Scope scope) =>
        Refusals.Unknown("Unknown limit", $"There is no limit for {scope}. GET /limits lists all.").Answer();
}
