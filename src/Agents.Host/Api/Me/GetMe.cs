using System.Security.Claims;
using Agents.Host.Http;
using Wolverine.Http;

namespace Agents.Host.Api.Me;

/// <summary>Who the server takes the caller for, and what it lets the caller do.</summary>
/// <param name="Tenant">All that the caller sees belongs to it.</param>
/// <param name="KeyId">Null on a server that needs no key.</param>
/// <param name="Permissions">What the role may do, such as <c>read</c> or <c>operate</c>.</param>
public sealed record MeView(string Tenant, string Name, string? KeyId, string Role, IReadOnlyList<string> Permissions);

/// <summary>Who the caller is, by the key, and what it may do.</summary>
public static class GetMeEndpoint
{
    [WolverineGet("/me"), Requires(Permissions.Known)]
    public static MeView Get(HttpContext http)
    {
        var caller = Caller.Of(http);
        return new(
            caller.Tenant, caller.Name, caller.KeyId, http.User.FindFirstValue(ClaimTypes.Role) ?? "",
            [.. Permissions.All.Where(permission => permission != Permissions.Known && Permissions.Has(http.User, permission))]);
    }
}
