using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Batches;

static class BatchProblems
{
    public static IResult NotFound(Guid id) => Results.Problem(statusCode: 404, title: "Unknown batch", detail: $"There is no batch {id}.");
}
