using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.DeadLetters;

static class DeadLetterProblems
{
    public static IResult NotFound(Guid id) => Results.Problem(statusCode: 404, title: "Unknown dead letter", detail: $"There is no dead letter {id}. GET /dead-letters lists all.");
}
