using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Wolverine.Http;

namespace Agents.Host.Http;

/// <summary>What endpoints ask for, and which roles have it.</summary>
public static class Permissions
{
    /// <summary>Runs, their facts and streams, agents, documents, search.</summary>
    public const string Read = "read";

    /// <summary>Starting, changing and approving runs; adding and deleting documents.</summary>
    public const string Operate = "operate";

    /// <summary>What models have cost.</summary>
    public const string Costs = "costs";

    /// <summary>Changing budgets and what has been spent.</summary>
    public const string ManageMoney = "manage-money";

    /// <summary>Letting the runs of one's own tenant wait, and seeing who changed what of it.</summary>
    public const string Administer = "administer";

    /// <summary>What all tenants share: limits, rates, nodes, price lists, pauses of more than one tenant.</summary>
    public const string Platform = "platform";

    /// <summary>Metrics, which are of all tenants together, with their names and what they cost.</summary>
    public const string Metrics = "metrics";

    /// <summary>What every key may: asking who it is.</summary>
    public const string Known = "known";

    static readonly IReadOnlyDictionary<string, string[]> Holders = new Dictionary<string, string[]>
    {
        [Read] = [Roles.Viewer, Roles.Operator, Roles.Auditor, Roles.Admin, Roles.Platform],
        [Operate] = [Roles.Operator, Roles.Admin, Roles.Platform],
        [Costs] = [Roles.Finance, Roles.Auditor, Roles.Admin, Roles.Platform],
        [ManageMoney] = [Roles.Finance, Roles.Admin, Roles.Platform],
        [Administer] = [Roles.Admin, Roles.Platform],
        [Platform] = [Roles.Platform],
        [Metrics] = [Roles.Monitor, Roles.Platform],
        [Known] = [.. Roles.All],
    };

    public static IReadOnlyCollection<string> All => [.. Holders.Keys];

    /// <summary>Whether the caller's role has a permission.</summary>
    public static bool Has(ClaimsPrincipal user, string permission) => Holders[permission].Any(user.IsInRole);

    /// <summary>Asks for what the endpoint states. Where it states nothing, the fallback below decides.</summary>
    public static void Demand(HttpChain chain)
    {
        if (chain.Method.Method.GetCustomAttribute<RequiresAttribute>() is { } stated) chain.Metadata.RequireAuthorization(stated.Permission);
    }

    public static void AddTo(AuthorizationOptions options)
    {
        foreach (var (permission, roles) in Holders) options.AddPolicy(permission, policy => policy.RequireRole(roles));

        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser()
            .RequireAssertion(context => context.Resource is HttpContext http && MayPass(http.GetEndpoint(), context.User)).Build();
    }

    /// <summary>
    /// Where no permission is stated: an address without an endpoint is answered with 404 to callers who may read; what has no route is the
    /// framework's own 405 or 415, for every caller; any other endpoint is refused to all.
    /// </summary>
    static bool MayPass(Endpoint? endpoint, ClaimsPrincipal user) => endpoint is null ? Has(user, Read) : endpoint is not RouteEndpoint;
}
