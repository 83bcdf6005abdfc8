using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

static class PauseProblems
{
    public static IResult NotFound(Scope scope) => Results.Problem(statusCode: 404, title: "Not paused", detail: $"Admission is not paused for {scope}. GET /pauses lists where it is.");
}
