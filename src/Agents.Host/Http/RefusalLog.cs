using System.Threading.RateLimiting;
using Agents.Domain.Runs;

namespace Agents.Host.Http;

/// <summary>
/// One line in the log for each request that was refused, without a stack and without what it held. Of very many in a short time only some have one;
/// the next line says how many had none.
/// </summary>
public sealed class RefusalLog(ILogger<RefusalLog> log) : IMiddleware, IDisposable
{
    /// <summary>Lines at once.</summary>
    const int Burst = 20;

    const int PathCharacters = 200;

    readonly TokenBucketRateLimiter lines = new(new()
    {
        TokenLimit = Burst, TokensPerPeriod = 1, ReplenishmentPeriod = TimeSpan.FromSeconds(1),
    });

    int untold;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response.StatusCode is < StatusCodes.Status400BadRequest or >= StatusCodes.Status499ClientClosedRequest) return;

        using var line = lines.AttemptAcquire();
        if (!line.IsAcquired)
        {
            Interlocked.Increment(ref untold);
            return;
        }

        log.LogInformation(
            "{Method} {Path} was refused with {Status}; key {Key}; {Untold} more since the line before", context.Request.Method,
            Sanitiser.Text(context.Request.Path.ToUriComponent(), PathCharacters), context.Response.StatusCode,
            context.User.FindFirst(Caller.KeyClaim)?.Value ?? "none", Interlocked.Exchange(ref untold, 0));
    }

    public void Dispose() => lines.Dispose();
}
