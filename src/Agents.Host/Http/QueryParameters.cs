using System.Reflection;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Http;

/// <summary>The endpoint reads these query parameters itself, besides those that its methods take.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadsQueryAttribute(params string[] names) : Attribute
{
    public IReadOnlyList<string> Names { get; } = names;
}

/// <summary>The query parameters that an endpoint understands. What a caller sends besides is refused by name: it would change nothing, unseen.</summary>
public sealed record QueryParameters(IReadOnlyList<string> Names)
{
    /// <summary>Azure's clients send it with each request below <c>/v1</c>; it means nothing here.</summary>
    const string AzureVersion = "api-version";

    public static void State(HttpChain chain)
    {
        var route = chain.RoutePattern!.Parameters.Select(parameter => parameter.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var handler = chain.Method.HandlerType;
        var names = handler.GetMethods(BindingFlags.Public | BindingFlags.Static).SelectMany(method => method.GetParameters())
            .Where(parameter => parameter.GetCustomAttribute<FromQueryAttribute>() is not null || IsQuery(parameter, route))
            .Select(parameter => parameter.GetCustomAttribute<FromQueryAttribute>()?.Name ?? parameter.Name!)
            .Concat(chain.Method.Method.GetCustomAttribute<ReadsQueryAttribute>()?.Names ?? []);
        chain.Metadata.WithMetadata(new QueryParameters([.. names.Distinct(StringComparer.OrdinalIgnoreCase)]));
    }

    /// <summary>What is wrong with the query of a request. Null when the endpoint understands all of it.</summary>
    public static ProblemDetails? ProblemOf(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<QueryParameters>() is not { Names: var names }) return null;

        var unknown = http.Request.Query.Keys.FirstOrDefault(key => !names.Contains(key, StringComparer.OrdinalIgnoreCase) && !IsAzures(http, key));
        if (unknown is null) return null;

        var near = NearName.Of(unknown, names);
        var takes = names.Count == 0 ? "This address takes none." : $"This address takes {string.Join(", ", names)}.";
        return Refusals.Malformed("Unknown query parameter", $"'{unknown}' is not known here.{(near is null ? "" : $" Did you mean '{near}'?")} {takes}");
    }

    /// <summary>The framework takes a parameter of a simple type from the query when neither the route nor an attribute says otherwise.</summary>
    static bool IsQuery(ParameterInfo parameter, HashSet<string> route)
    {
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return !route.Contains(parameter.Name!) && (type == typeof(string) || type.IsPrimitive || type.IsEnum || type == typeof(Guid))
            && parameter.GetCustomAttribute<FromHeaderAttribute>() is null;
    }

    static bool IsAzures(HttpContext http, string key) => key == AzureVersion && http.Request.Path.StartsWithSegments("/v1");
}
