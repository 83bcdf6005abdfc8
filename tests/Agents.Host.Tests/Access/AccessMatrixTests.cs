using System.Net;
using System.Text;
using System.Text.Json;
using Agents.Host.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Access;

/// <summary>Every operation by every role, on what is the caller's own, another tenant's and the platform's, with good keys and bad ones.</summary>
public sealed class AccessMatrixTests(Neighbours server) : IClassFixture<Neighbours>
{
    /// <summary>What each role may do, said a second time here.</summary>
    static readonly IReadOnlyDictionary<string, string[]> May = new Dictionary<string, string[]>
    {
        [Roles.Viewer] = [Permissions.Read, Permissions.Known],
        [Roles.Operator] = [Permissions.Read, Permissions.Operate, Permissions.Known],
        [Roles.Finance] = [Permissions.Costs, Permissions.ManageMoney, Permissions.Known],
        [Roles.Auditor] = [Permissions.Read, Permissions.Costs, Permissions.Known],
        [Roles.Admin] = [Permissions.Read, Permissions.Operate, Permissions.Costs, Permissions.ManageMoney, Permissions.Administer, Permissions.Known],
        [Roles.Monitor] = [Permissions.Metrics, Permissions.Known],
        [Roles.Platform] =
        [
            Permissions.Read, Permissions.Operate, Permissions.Costs, Permissions.ManageMoney, Permissions.Administer, Permissions.Platform,
            Permissions.Metrics, Permissions.Known,
        ],
    };

    [Fact]
    public void Every_operation_of_the_server_has_a_row_and_every_role_a_column()
    {
        Assert.Equal(Endpoints().Select(endpoint => endpoint.Name).Order(StringComparer.Ordinal), Operations.All.Select(
            operation => operation.Name).Order(StringComparer.Ordinal));
        Assert.Equal(Roles.All, May.Keys);
        foreach (var (name, permission) in Endpoints())
            Assert.Equal(Operations.All.Single(operation => operation.Name == name).Permission, permission);
    }

    [Fact]
    public async Task Without_a_key_and_with_a_wrong_a_revoked_or_an_expired_one_no_operation_answers()
    {
        foreach (var operation in Operations.All)
            foreach (var key in new[] { null, ApiKey.NewSecret(), server.Revoked, server.Expired })
            {
                using var answer = await Send(operation, server.Of[Neighbours.Own], key);
                if (operation.Permission is null) Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                else Assert.True(answer.StatusCode is HttpStatusCode.Unauthorized, $"{operation.Name} answered {answer.StatusCode} to {key}.");
            }
    }

    [Fact]
    public async Task No_role_reaches_or_sees_what_is_not_its_own()
    {
        var (tried, leaks) = (0, new List<string>());
        foreach (var operation in Operations.All)
            foreach (var role in Roles.All)
                foreach (var target in server.Of.Values)
                {
                    using var answer = await Send(operation, target, server.Key[role]);
                    var text = await Read(answer);
                    foreach (var leak in Leaks(operation, role, target, answer.StatusCode, text))
                        leaks.Add($"{operation.Name} as {role} on {target.Tenant}: {leak}");
                    tried++;
                }

        Assert.Empty(leaks);
        Assert.Equal(Operations.All.Count * Roles.All.Count * 3, tried);
    }

    IEnumerable<string> Leaks(Operation operation, string role, Belongings target, HttpStatusCode status, string text)
    {
        var own = server.Of[role == Roles.Platform ? Neighbours.House : Neighbours.Own];
        var may = operation.Permission is null || May[role].Contains(operation.Permission);
        var wanted = (may, operation.Foreign, target == own) switch
        {
            (false, _, _) => "403",
            (_, Foreign.IsUnknown, false) => "404",
            (_, Foreign.IsForbidden, false) when role != Roles.Platform => "403",
            _ when operation.Method == HttpMethod.Get => "200",
            _ => "2xx 400 404 409", // the like has been done before, or there is nothing to do
        };
        var code = ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (!wanted.Contains(code, StringComparison.Ordinal) && !(wanted.StartsWith("2xx", StringComparison.Ordinal) && code[0] == '2'))
            yield return $"{code} instead of {wanted}: {text}";

        var told = text;
        if (status >= HttpStatusCode.BadRequest) // a refusal may repeat what the caller has said itself
            foreach (var name in new[] { target.Schedule, target.Thread, target.Mark, target.Tenant })
                if (operation.UrlFor(target).Contains(name, StringComparison.Ordinal)) told = told.Replace(name, "", StringComparison.Ordinal);
        foreach (var other in server.Of.Values.Where(other => other != own))
        {
            if (told.Contains(other.Mark, StringComparison.OrdinalIgnoreCase)) yield return $"shows {other.Mark}: {text}";
            var mayKnowTenants = role is Roles.Platform or Roles.Monitor;
            if (!mayKnowTenants && told.Contains(other.Tenant, StringComparison.Ordinal)) yield return $"shows {other.Tenant}: {text}";
            if (other.KeyIds.Any(id => told.Contains(id, StringComparison.Ordinal))) yield return $"shows a key of {other.Tenant}: {text}";
        }

        if (may && !May[role].Contains(Permissions.Costs) && operation.Permission != Permissions.Metrics)
            foreach (var amount in Amounts(text).Take(1)) yield return $"shows money, {amount}: {text}";
    }

    /// <summary>Every amount in an answer: the documents in it are found line by line.</summary>
    static IEnumerable<string> Amounts(string text)
    {
        if (text.Contains("0.7654321", StringComparison.Ordinal)) yield return "the budget";
        foreach (var line in text.Split('\n').Select(line => line.StartsWith("data: ", StringComparison.Ordinal) ? line["data: ".Length..] : line))
        {
            if (!line.StartsWith('{') || JsonDocumentOf(line) is not { } document) continue;
            foreach (var amount in In(document, "")) yield return amount;
        }

        static JsonElement? JsonDocumentOf(string line)
        {
            try
            {
                return JsonSerializer.Deserialize<JsonElement>(line);
            }
            catch (JsonException)
            {
                return null;
            }
        }

        static IEnumerable<string> In(JsonElement value, string name) => value.ValueKind switch
        {
            JsonValueKind.Array => value.EnumerateArray().SelectMany(item => In(item, name)),
            JsonValueKind.Object when name is "cost" => [name],
            JsonValueKind.Object => value.EnumerateObject().SelectMany(member => In(member.Value, member.Name)),
            JsonValueKind.Number when name.EndsWith("usd", StringComparison.OrdinalIgnoreCase) => [name],
            _ => [],
        };
    }

    async Task<HttpResponseMessage> Send(Operation operation, Belongings target, string? key)
    {
        using var body = operation.Content();
        return await server.Send(operation.Method, operation.UrlFor(target), key, body);
    }

    /// <summary>The whole answer; of a stream that never ends what has come when it falls silent.</summary>
    static async Task<string> Read(HttpResponseMessage answer)
    {
        if (answer.Content.Headers.ContentType?.MediaType != "text/event-stream") return await answer.Content.ReadAsStringAsync();

        var (text, buffer) = (new StringBuilder(), new byte[64 * 1024]);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        try
        {
            while (true)
            {
                using var silence = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
                var read = await stream.ReadAsync(buffer, silence.Token);
                if (read == 0) break;
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing more comes.
        }

        return text.ToString();
    }

    /// <summary>Every mapped operation, and the permission that it asks for.</summary>
    IEnumerable<(string Name, string? Permission)> Endpoints() =>
        from endpoint in server.Host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).Distinct().OfType<RouteEndpoint>()
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        let permission = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null ? endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy : null
        select ($"{method} /{endpoint.RoutePattern.RawText!.TrimStart('/')}", permission);
}
