using System.Globalization;
using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;

namespace Agents.Host.Api.Runs;

/// <summary>Refusals that several run endpoints share.</summary>
public static class RunProblems
{
    public static IResult NotFound(Guid id) => Results.Problem(statusCode: 404, title: "Unknown run", detail: $"There is no run {id}.");

    public static IResult WrongStatus(Run run, string wanted) => Results.Problem(
        statusCode: 409, title: $"Run is {run.Status.ToString().ToLowerInvariant()}", detail: $"Only a run that is {wanted} can be asked for this.");

    public static IResult BadReason(int most) => Results.Problem(statusCode: 400, title: "Bad reason", detail: $"A reason has at most {most} characters.");

    public static IResult KeyUsedBefore() => Results.Problem(
        statusCode: 422, title: "Idempotency-Key used before", detail: "This key came with another request. Use a new key for a new run.");

    /// <summary>Says when there should be room again.</summary>
    public static IResult QueueFull(QueueFull full, HttpContext http)
    {
        http.Response.Headers.RetryAfter = full.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Results.Problem(statusCode: 429, title: "Queue is full", detail: full.Text());
    }
}
