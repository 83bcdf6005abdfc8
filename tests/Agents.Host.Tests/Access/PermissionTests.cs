using System.Reflection;
using System.Security.Claims;
using Agents.Host.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Wolverine.Http;

namespace Agents.Host.Tests.Access;

/// <summary>Who may use which endpoint: each states it on itself.</summary>
public sealed class PermissionTests
{
    /// <summary>The endpoints that change what all tenants share, or that are about money, in full; all others read or operate.</summary>
    static readonly Dictionary<string, string[]> Guarded = new()
    {
        [Permissions.Known] = ["GET /me"],
        [Permissions.Costs] =
        [
            "GET /budgets", "GET /budgets/{scope}/{value}", "GET /costs", "GET /costs/hours", "GET /dashboard", "GET /prices", "GET /prices/model",
        ],
        [Permissions.ManageMoney] =
        [
            "DELETE /budgets/{scope}/{value}", "POST /budgets/{scope}/{value}/raise", "POST /finance/usage", "POST /runs/{id}/spend/{call}/{attempt}",
            "PUT /budgets/{scope}/{value}", "PUT /runs/{id}/budget",
        ],
        [Permissions.Administer] =
        [
            "DELETE /agents/{name}/aliases/{alias}", "DELETE /agents/{name}/trial", "DELETE /pauses/{scope}", "GET /changes",
            "POST /agents/{name}/rollback", "PUT /agents/{name}", "PUT /agents/{name}/aliases/{alias}", "PUT /agents/{name}/trial",
            "PUT /pauses/{scope}",
        ],
        [Permissions.Platform] =
        [
            "DELETE /limits/{scope}", "DELETE /rates/{provider}/{**model}", "GET /nodes", "GET /rates", "POST /nodes/{name}/drain",
            "POST /nodes/{name}/resume", "POST /prices", "PUT /limits/{scope}", "PUT /rates/{provider}/{**model}",
        ],
    };

    [Fact]
    public void Every_endpoint_states_its_permission()
    {
        Assert.True(Endpoints().Count > 70, $"Only {Endpoints().Count} endpoints were found.");
        Assert.All(Endpoints(), endpoint => Assert.Contains(endpoint.Permission, Permissions.All));
    }

    [Fact]
    public void Endpoints_about_money_and_about_what_tenants_share_are_those_of_the_list()
    {
        foreach (var (permission, routes) in Guarded)
            Assert.Equal(routes,
                Endpoints().Where(endpoint => endpoint.Permission == permission).Select(endpoint => endpoint.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Where_an_endpoint_only_reads_or_operates_its_method_tells_which() => Assert.All(
        Endpoints().Where(endpoint => !Guarded.ContainsKey(endpoint.Permission!)),
        endpoint => Assert.Equal(OnlyReads(endpoint.Name) ? Permissions.Read : Permissions.Operate, endpoint.Permission));

    /// <summary>A replay changes nothing: it is a POST because it computes much.</summary>
    static bool OnlyReads(string name) => name.StartsWith("GET ", StringComparison.Ordinal) || name is "POST /runs/{id}/replay";

    [Fact]
    public async Task An_endpoint_that_states_none_is_refused_even_to_an_administrator()
    {
        var unlabelled = new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse("/unlabelled"), 0, null, "unlabelled");

        Assert.False(await Fallback(Roles.Admin, unlabelled));
        Assert.True(await Fallback(Roles.Viewer, endpoint: null)); // an unknown address: 404
        Assert.False(await Fallback(Roles.Finance, endpoint: null));
    }

    /// <summary>Whether a caller with this role passes where nothing is stated.</summary>
    static async Task<bool> Fallback(string role, Endpoint? endpoint)
    {
        await using var services = new ServiceCollection().AddLogging().AddAuthorization(Permissions.AddTo).BuildServiceProvider();
        var http = new DefaultHttpContext { User = new(new ClaimsIdentity([new(ClaimTypes.Role, role)], "Key")) };
        http.SetEndpoint(endpoint);
        var policy = await services.GetRequiredService<IAuthorizationPolicyProvider>().GetFallbackPolicyAsync();
        return (await services.GetRequiredService<IAuthorizationService>().AuthorizeAsync(http.User, http, policy!)).Succeeded;
    }

    static List<(string Name, string? Permission)> Endpoints() =>
    [
        .. from type in typeof(Server).Assembly.GetTypes()
           from method in type.GetMethods()
           let route = method.GetCustomAttribute<WolverineHttpMethodAttribute>()
           where route is not null
           select ($"{route.HttpMethod} {route.Template}", method.GetCustomAttribute<RequiresAttribute>()?.Permission),
    ];
}
