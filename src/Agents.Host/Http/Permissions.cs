using System.Reflection;
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

    /// <summary>What all tenants share, such as price lists.</summary>
    public const string Administer = "administer";

    static readonly IReadOnlyDictionary<string, string[]> Holders = new Dictionary<string, string[]>
    {
        [Read] = [Roles.Viewer, Roles.Operator, Roles.Auditor, Roles.Admin],
        [Operate] = [Roles.Operator, Roles.Admin],
        [Costs] = [Roles.Finance, Roles.Auditor, Roles.Admin],
        [ManageMoney] = [Roles.Finance, Roles.Admin],
        [Administer] = [Roles.Admin],
    };

    /// <summary>First parts of routes that are about money.</summary>
    static readonly string[] Money = ["budgets", "costs", "dashboard", "finance", "prices"];

    /// <summary>
    /// First parts of routes that are about what all tenants share: reading them is no more than reading, changing them is for administrators.
    /// </summary>
    static readonly string[] Shared = ["limits", "nodes", "pauses", "rates"];

    /// <summary>Parts of routes of a run that are about its money.</summary>
    static readonly string[] MoneyOfARun = ["budget", "spend"];

    /// <summary>
    /// What an endpoint asks for: by what its route is about, and whether it changes something. A new one falls under one of them by itself.
    /// </summary>
    public static string Of(string route, IEnumerable<string> methods)
    {
        var parts = route.ToLowerInvariant().Split('/', StringSplitOptions.RemoveEmptyEntries);
        var about = parts.FirstOrDefault("");
        var isReading = methods.All(method => HttpMethods.IsGet(method) || HttpMethods.IsHead(method));
        var isAboutMoney = Money.Contains(about) || parts.Any(MoneyOfARun.Contains);
        return (isAboutMoney, isReading) switch
        {
            (false, true) => Read,
            (false, false) => Shared.Contains(about) ? Administer : Operate,
            (true, true) => Costs,
            (true, false) => about == "prices" ? Administer : ManageMoney,
        };
    }

    public static IReadOnlyCollection<string> All => [.. Holders.Keys];

    /// <summary>Asks for what the endpoint states. Where it states nothing, the fallback below refuses every caller.</summary>
    public static void Demand(HttpChain chain)
    {
        if (chain.Method.Method.GetCustomAttribute<RequiresAttribute>() is { } stated) chain.Metadata.RequireAuthorization(stated.Permission);
    }

    public static void AddTo(AuthorizationOptions options)
    {
        foreach (var (permission, roles) in Holders) options.AddPolicy(permission, policy => policy.RequireRole(roles));

        // For requests to endpoints that state no permission: none. An address without an endpoint is answered with 404 to callers who may read.
        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireRole(Holders[Read])
            .RequireAssertion(context => context.Resource is HttpContext http && http.GetEndpoint() is null).Build();
    }
}
