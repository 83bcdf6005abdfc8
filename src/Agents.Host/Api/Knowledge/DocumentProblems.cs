using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

static class DocumentProblems
{
    public static IResult NotFound(string? id) =>
        Results.Problem(statusCode: 404, title: "Unknown document", detail: $"There is nothing with the id \"{Domain.Runs.Sanitiser.Text(id, 100)}\".");
}
