using Microsoft.Net.Http.Headers;

namespace Agents.Host.Http;

/// <summary>
/// Lets pages of the sites in <c>Callers:Origins</c> call this server from a browser (CORS). The key decides what they may do; cookies are not used,
/// so a page can do nothing that its own key may not. A server without keys answers no page of another site at all: <see cref="PageGuard"/>.
/// </summary>
static class ForeignPages
{
    static readonly TimeSpan AskedOnce = TimeSpan.FromHours(1);

    public static void AddForeignPages(this IServiceCollection services, CallerOptions options) => services.AddCors(cors => cors.AddDefaultPolicy(pages => pages
        .WithOrigins([.. options.Origins])
        .WithMethods("GET", "POST", "PUT", "DELETE")
        .WithHeaders(HeaderNames.Authorization, HeaderNames.ContentType, HeaderNames.IfMatch, "Idempotency-Key", "Last-Event-ID", PageGuard.ClientHeader)
        .WithExposedHeaders(HeaderNames.Location, HeaderNames.RetryAfter, HeaderNames.ETag)
        .SetPreflightMaxAge(AskedOnce)));
}
