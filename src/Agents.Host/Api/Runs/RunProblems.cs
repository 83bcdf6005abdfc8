using System.Globalization;
using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Refusals that several run endpoints share.</summary>
public static class RunProblems
{
    public static IResult NotFound(Guid id) => Refusals.Unknown("Unknown run", $"There is no run {id}.").Answer();

    public static IResult WrongStatus(Run run, string wanted) =>
        Refusals.Conflict($"Run is {run.Status.ToString().ToLowerInvariant()}", $"Only a run that is {wanted} can be asked for this.").Answer();

    public static IResult BadReason(int most) => Refusals.Malformed("Bad reason", $"A reason has at most {most} characters.").Answer();

    public static IResult KeyUsedBefore() =>
        Refusals.Of(422, "Idempotency-Key used before", "This key came with another request. Use a new key for a new run.").Answer();

    /// <summary>Says when there should be room again.</summary>
    public static IResult QueueFull(QueueFull full, HttpContext http)
    {
        http.Response.Headers.RetryAfter = full.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        return Refusals.Of(429, "Queue is full", full.Text()).Answer();
    }
}
