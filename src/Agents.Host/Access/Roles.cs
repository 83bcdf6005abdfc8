using Microsoft.AspNetCore.Authorization;

namespace Agents.Host.Access;

/// <summary>What a key may be used for. Stored by name: add, never rename.</summary>
public static class Roles
{
    public const string Viewer = "viewer";
    public const string Operator = "operator";
    public const string Finance = "finance";
    public const string Auditor = "auditor";
    public const string Admin = "admin";

    public static readonly IReadOnlyList<string> All = [Viewer, Operator, Finance, Auditor, Admin];
}

/// <summary>What endpoints ask for, and which roles have it.</summary>
public static class Permissions
{
    /// <summary>Runs, their facts and streams, agents, documents, search.</summary>
    public const string Read = "read";

    /// <summary>Starting, changing and approving runs; adding and deleting documents.</summary>
    public const string Operate = "operate";

    /// <summary>What models have cost.</summary>
    public const string Costs = "costs";

    /// <summary>Everything else that changes the server itself.</summary>
    public const string Administer = "administer";

    static readonly IReadOnlyDictionary<string, string[]> Holders = new Dictionary<string, string[]>
    {
        [Read] = [Roles.Viewer, Roles.Operator, Roles.Auditor, Roles.Admin],
        [Operate] = [Roles.Operator, Roles.Admin],
        [Costs] = [Roles.Finance, Roles.Auditor, Roles.Admin],
        [Administer] = [Roles.Admin],
    };

    /// <summary>What an endpoint asks for that says nothing itself: reading may be read, everything else changes something.</summary>
    public static string Of(string route, IEnumerable<string> methods) =>
        route.TrimStart('/').StartsWith("costs", StringComparison.OrdinalIgnoreCase) ? Costs
        : methods.All(method => HttpMethods.IsGet(method) || HttpMethods.IsHead(method)) ? Read
        : Operate;

    public static IReadOnlyList<string> RolesWith(string permission) => Holders[permission];

    public static void AddTo(AuthorizationOptions options)
    {
        foreach (var (permission, roles) in Holders) options.AddPolicy(permission, policy => policy.RequireRole(roles));
        options.FallbackPolicy = options.GetPolicy(Read); // for whatever is mapped without saying anything
    }
}
