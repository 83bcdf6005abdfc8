using System.Globalization;
using System.Security.Claims;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace Agents.Host.Http;

/// <summary>Bounds what one key may ask of this node, so that it leaves the other keys their share: 429 with <c>Retry-After</c>.</summary>
static class CallerLimits
{
    /// <summary>When it may be tried again where that depends on when other requests end.</summary>
    static readonly TimeSpan OpenRetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>Large bodies of a key that are read at the same time, and those that wait for it, unread: each takes some ten megabytes.</summary>
    const int LargeAtOnce = 4, LargeWaiting = 64;

    public static void AddCallerLimits(this IServiceCollection services, CallerOptions options) => services.AddRateLimiter(limiter =>
    {
        limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained( // the rate last: what waits, or is refused, has used none of it
            PartitionedRateLimiter.Create<HttpContext, string>(Large),
            PartitionedRateLimiter.Create<HttpContext, string>(http => Open(options, http)),
            PartitionedRateLimiter.Create<HttpContext, string>(http => Rate(options, http)));
        limiter.OnRejected = Refuse;
    });

    static RateLimitPartition<string> Rate(CallerOptions options, HttpContext http) =>
        options.RequestsPerSecond > 0 && KeyOf(http) is { } key
            ? RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
            {
                TokenLimit = options.Burst, TokensPerPeriod = options.RequestsPerSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            })
            : RateLimitPartition.GetNoLimiter("");

    static RateLimitPartition<string> Open(CallerOptions options, HttpContext http) =>
        options.OpenRequests > 0 && KeyOf(http) is { } key && http.GetEndpoint()?.Metadata.GetMetadata<StaysOpenAttribute>() is not null
            ? RateLimitPartition.GetConcurrencyLimiter(key, _ => new() { PermitLimit = options.OpenRequests })
            : RateLimitPartition.GetNoLimiter("");

    static RateLimitPartition<string> Large(HttpContext http) =>
        KeyOf(http) is { } key && http.GetEndpoint()?.Metadata.GetMetadata<ReadsBodyItselfAttribute>() is not null
            ? RateLimitPartition.GetConcurrencyLimiter(key, _ => new() { PermitLimit = LargeAtOnce, QueueLimit = LargeWaiting })
            : RateLimitPartition.GetNoLimiter("");

    /// <summary>Null where none is needed, and for the operator's own server of one verb.</summary>
    static string? KeyOf(HttpContext http) => http.User.FindFirstValue(Caller.KeyClaim) is { } key && key != OwnKey.Id ? key : null;

    static async ValueTask Refuse(OnRejectedContext rejected, CancellationToken ct)
    {
        var isRate = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait);
        var seconds = Math.Max(1, Math.Ceiling((isRate ? wait : OpenRetryAfter).TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        rejected.HttpContext.Response.Headers.RetryAfter = seconds;
        await Refusals.Of(
            StatusCodes.Status429TooManyRequests, isRate ? "Too many requests" : "Too many open requests",
            isRate
                ? $"This key has asked more of this node than it may (Callers:RequestsPerSecond). Try again in {seconds} s."
                : $"This key has as many streams, waiting requests or large bodies under way at this node as it may. Try again in {seconds} s.")
            .Answer().ExecuteAsync(rejected.HttpContext);
    }
}
