using Agents.Host.Http;

namespace Agents.Host.Api.DeadLetters;

static class DeadLetterProblems
{
    public static IResult NotFound(Guid id) =>
        Refusals.Unknown("Unknown dead letter", $"There is no dead letter {id}. GET /dead-letters lists all.").Answer();
}
