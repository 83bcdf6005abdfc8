using Agents.Host.Http;

namespace Agents.Host.Api.Queue;

static class RateProblems
{
    public static IResult NotFound() => Refusals.Unknown("Unknown rate", "Nothing limits that model. GET /rates lists all limits.").Answer();
}
