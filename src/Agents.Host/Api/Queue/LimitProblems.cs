using Agents.Host.Engine.Queue;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

static class LimitProblems
{
    public static IResult NotFound(Scope scope) => Results.Problem(statusCode: 404, title: "Unknown limit", detail: $"There is no limit for {scope}. GET /limits lists all.");
}
