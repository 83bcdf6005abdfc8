using Agents.Host.Http;

namespace Agents.Host.Api.Knowledge;

static class DocumentProblems
{
    public static IResult NotFound(string? id) =>
        Refusals.Unknown("Unknown document", $"There is nothing with the id \"{Domain.Runs.Sanitiser.Text(id, 100)}\".").Answer();
}
