using System.Security.Claims;
using Agents.Host.Platform;

namespace Agents.Host.Http;

/// <summary>Who sent the request, and for which tenant, by its credential.</summary>
/// <param name="KeyId">Null on a server that needs no key.</param>
public sealed record Caller(string Tenant, string Name, string? KeyId)
{
    /// <summary>Name of the claim that holds the tenant.</summary>
    public const string TenantClaim = "tenant";

    /// <summary>Name of the claim that holds the key's id.</summary>
    public const string KeyClaim = "key";

    /// <summary>May know of all tenants, and change what they share.</summary>
    public bool IsPlatform { get; init; }

    /// <summary>May know what things cost.</summary>
    public bool SeesMoney { get; init; }

    /// <summary>As facts and changes name the caller.</summary>
    public Actor Actor => new(Name, KeyId);

    /// <exception cref="InvalidOperationException">The caller was not asked for a credential: the endpoint is mapped wrongly.</exception>
    public static Caller Of(HttpContext http) => new(
        http.User.FindFirstValue(TenantClaim) ?? throw new InvalidOperationException($"{http.Request.Path} asked for no credential."),
        http.User.Identity?.Name ?? "", http.User.FindFirstValue(KeyClaim))
    {
        IsPlatform = Permissions.Has(http.User, Permissions.Platform), SeesMoney = Permissions.Has(http.User, Permissions.Costs),
    };
}
