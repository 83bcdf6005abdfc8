using Agents.Host.Http;

namespace Agents.Host.Api.Batches;

static class BatchProblems
{
    public static IResult NotFound(Guid id) => Refusals.Unknown("Unknown batch", $"There is no batch {id}.").Answer();
}
