using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace Agents.Host.Http;

/// <summary>Who sent the request, and for which tenant, by its credential.</summary>
/// <param name="KeyId">Null on a server that needs no key.</param>
public sealed record Caller(string Tenant, string Name, string? KeyId)
{
    /// <summary>Name of the claim that holds the tenant.</summary>
    public const string TenantClaim = "tenant";

    /// <summary>Name of the claim that holds the key's id.</summary>
    public const string KeyClaim = "key";

    /// <exception cref="InvalidOperationException">The caller was not asked for a credential: the endpoint is mapped wrongly.</exception>
    public static Caller Of(HttpContext http) => new(
        http.User.FindFirstValue(TenantClaim) ?? throw new InvalidOperationException($"{http.Request.Path} asked for no credential."),
        http.User.Identity?.Name ?? "", http.User.FindFirstValue(KeyClaim));

    /// <summary>Whether the caller has a permission besides the one that the endpoint asks for.</summary>
    /// <param name="permission">One of <see cref="Permissions"/>.</param>
    public static async Task<bool> May(HttpContext http, string permission) =>
        (await http.RequestServices.GetRequiredService<IAuthorizationService>().AuthorizeAsync(http.User, http, permission)).Succeeded;
}
