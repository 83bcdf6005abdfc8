using System.Net;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Agents.Host.Http;

/// <summary>
/// Who sent the request, by the header <c>Authorization: Bearer agents_…</c>, never by the address, which ends in logs. On a server that never had a
/// key, every caller whose connection comes from this machine to an address of this machine alone is the operator of the platform, of the tenant
/// <c>default</c>.
/// </summary>
public sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, KeyRing keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "Key";

    const string Bearer = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null) return AuthenticateResult.NoResult(); // needs no database
        if (Request.Headers.Authorization is [{ } header])
        {
            if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)) return AuthenticateResult.Fail("Only Bearer is known.");
            if (await keys.Find(header[Bearer.Length..].Trim(), Context.RequestAborted) is { } key)
                return Success(key.Tenant, key.Name.Length > 0 ? key.Name : key.Id, key.Role, key.Id);
        }

        // Some clients cannot send a request without a key, and send any: where no key is needed, none is wrong.
        if (IsFromThisMachine(Context.Connection) && await keys.IsOpen(Context.RequestAborted))
            return Success(Tenants.Default, "operator", Roles.Platform, keyId: null);
        return Request.Headers.Authorization.Count == 0
            ? AuthenticateResult.NoResult()
            : AuthenticateResult.Fail("The key is unknown, revoked or expired.");
    }

    /// <summary>By both ends: a proxy's header may give the far one another address, but never the near one.</summary>
    static bool IsFromThisMachine(ConnectionInfo connection) => IsLoopback(connection.RemoteIpAddress) && IsLoopback(connection.LocalIpAddress);

    /// <param name="address">Null for what is no network, such as a Unix socket.</param>
    static bool IsLoopback(IPAddress? address) => address is null || IPAddress.IsLoopback(address);

    static AuthenticateResult Success(string tenant, string name, string role, string? keyId)
    {
        var claims = new List<Claim> { new(Caller.TenantClaim, tenant), new(ClaimTypes.Name, name), new(ClaimTypes.Role, role) };
        if (keyId is not null) claims.Add(new(Caller.KeyClaim, keyId));
        return AuthenticateResult.Success(new(new(new ClaimsIdentity(claims, SchemeName)), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        var hasKey = Request.Headers.Authorization.Count > 0;
        Response.Headers[HeaderNames.WWWAuthenticate] = hasKey ? "Bearer realm=\"agents\", error=\"invalid_token\"" : "Bearer realm=\"agents\"";
        return hasKey
            ? Refuse(401, "Key refused", "The key is unknown, revoked or expired. agents keys list shows the keys there are.")
            : Refuse(401, "Key needed", "Send the header Authorization: Bearer with a key. agents keys create makes one.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Response.Headers[HeaderNames.WWWAuthenticate] = "Bearer realm=\"agents\", error=\"insufficient_scope\"";
        return Refuse(403, "Not allowed", $"A key with the role {Context.User.FindFirstValue(ClaimTypes.Role)} may not do this.");
    }

    /// <summary>Clients of OpenAI read errors in its shape only.</summary>
    async Task Refuse(int status, string title, string detail)
    {
        Response.StatusCode = status;
        if (Request.Path.StartsWithSegments("/v1"))
        {
            var error = new
            {
                Message = $"{title}: {detail}", Type = "invalid_request_error", Param = (string?)null,
                Code = status == 401 ? "invalid_api_key" : "insufficient_permissions"
            };
            await Response.WriteAsJsonAsync(new { Error = error }, Context.RequestAborted);
            return;
        }

        await Context.RequestServices.GetRequiredService<IProblemDetailsService>().WriteAsync(new()
        {
            HttpContext = Context,
            ProblemDetails = new ProblemDetails { Status = status, Title = title, Detail = detail },
        });
    }
}
