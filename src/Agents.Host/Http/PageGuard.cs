using System.Net;
using Agents.Domain.Runs;
using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Http;

/// <summary>
/// Keeps web pages away from a server that needs no key: the browser of its operator reaches it, and with it every page that is open there. A page of
/// another site gives itself away by <c>Origin</c> or <c>Sec-Fetch-Site</c>; one whose name was made to lead to this machine, by <c>Host</c>; and what
/// a browser sends for any page unasked, such as a form, has neither JSON nor a header of ours.
/// </summary>
/// <remarks>Fetch Metadata: W3C, <c>Sec-Fetch-Site</c>. What a page may send unasked: WHATWG Fetch, "CORS-safelisted".</remarks>
public sealed class PageGuard(RequestDelegate next)
{
    /// <summary>Sent by programs with what is no JSON. Its value does not matter: no page of another site can send it unasked.</summary>
    public const string ClientHeader = "Agents-Client";

    /// <summary>What proxies add to the requests of other machines that they hand on.</summary>
    static readonly string[] OfProxies = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"];

    const string Site = "Sec-Fetch-Site";
    const string SameOrigin = "same-origin";
    const string ByHand = "none";
    const int ShownCharacters = 100;

    public Task Invoke(HttpContext http) =>
        NeededNoKey(http) && Problem(http.Request) is { } problem ? problem.Answer().ExecuteAsync(http) : next(http);

    static bool NeededNoKey(HttpContext http) =>
        http.User.Identity is { IsAuthenticated: true } && !http.User.HasClaim(claim => claim.Type == Caller.KeyClaim);

    static ProblemDetails? Problem(HttpRequest request)
    {
        if (OfProxies.FirstOrDefault(request.Headers.ContainsKey) is { } header)
            return Refused("Proxy refused", $"Without keys the server answers no other machine, and the header {header} says that one asks.");
        if (!IsThisMachine(request.Host.Host))
            return Refused(
                "Host refused", $"Without keys the server answers to localhost, 127.0.0.1 and [::1], not to \"{Shown(request.Host.Value)}\".");
        if (request.Headers.Origin is { Count: > 0 } origin && !origin.All(IsOwn))
            return Refused("Origin refused", $"Without keys the server answers no page of another site, such as \"{Shown(origin[0])}\".");
        if (request.Headers[Site] is { Count: > 0 } site && !site.All(from => from is SameOrigin or ByHand))
            return Refused("Origin refused", "Without keys the server answers no page of another site. Open its address by hand.");
        return IsChange(request) && !IsMeant(request)
            ? Refusals.Of(
                StatusCodes.Status415UnsupportedMediaType, "Not JSON",
                $"Without keys every change is JSON (content-type: application/json), or has the header {ClientHeader}, with any value.")
            : null;

        bool IsOwn(string? origin) => string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase);
    }

    static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));

    static bool IsChange(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && !HttpMethods.IsOptions(request.Method);

    /// <summary>No page of another site can have sent it: the browser would have asked this server first, which never agrees.</summary>
    static bool IsMeant(HttpRequest request) =>
        request.HasJsonContentType() || request.Headers.ContainsKey(ClientHeader) || request.Headers.Authorization.Count > 0
            || request.Headers[Site] is [SameOrigin];

    static ProblemDetails Refused(string title, string detail) =>
        Refusals.Of(StatusCodes.Status403Forbidden, title, $"{detail} With keys (agents keys create) the key decides.");

    static string Shown(string? text) => Sanitiser.Text(text, ShownCharacters);
}
