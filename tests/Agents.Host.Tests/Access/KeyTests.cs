using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Host.Http;
using Agents.Host.Platform;
using Alba;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Access;

/// <summary>A server with keys of two tenants.</summary>
public sealed class Locked : IAsyncLifetime
{
    /// <summary>Its pages may call the server.</summary>
    public const string Site = "https://app.example";

    public IAlbaHost Host { get; private set; } = null!;

    public KeyStore Keys { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.CreatePrepared("keys");
        Host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Callers:Origins:0", Site);
        });
        Keys = new(Host.Services.GetRequiredService<NpgsqlDataSource>());
        Admin = await Key("acme", Roles.Admin);
    }

    /// <summary>Of the tenant acme.</summary>
    public string Admin { get; private set; } = "";

    public async Task<string> Key(string tenant, string role) =>
        (await Keys.Create(tenant, role, $"{role} of {tenant}", CancellationToken.None)).Secret;

    /// <summary>Sends once the server has heard of the key.</summary>
    public async Task<HttpResponseMessage> Send(HttpMethod method, string url, string? key, object? body = null)
    {
        using var client = Host.Server.CreateClient();
        using var request = new HttpRequestMessage(method, url) { Content = body is null ? null : JsonContent.Create(body) };
        if (key is not null) request.Headers.Authorization = new("Bearer", key);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Waits until the answer is another than this: keys are read again every few seconds.</summary>
    public async Task<HttpStatusCode> Until(Func<HttpStatusCode, bool> fits, HttpMethod method, string url, string? key, object? body = null)
    {
        var waited = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            using var answer = await Send(method, url, key, body);
            if (fits(answer.StatusCode) || waited.Elapsed > TimeSpan.FromSeconds(30)) return answer.StatusCode;
            await Task.Delay(50);
        }
    }

    public async ValueTask DisposeAsync() => await Host.DisposeAsync();
}

public sealed class KeyTests(Locked server) : IClassFixture<Locked>
{
    [Fact]
    public async Task A_page_of_a_site_that_the_operator_named_is_asked_for_its_key_and_no_other_page_may_read_answers()
    {
        using var client = server.Host.Server.CreateClient();
        foreach (var (origin, allowed) in new[] { (Locked.Site, Locked.Site), ("https://evil.example", null), ("http://app.example", null) })
        {
            using var asks = new HttpRequestMessage(HttpMethod.Options, "/runs");
            asks.Headers.Add("Origin", origin);
            asks.Headers.Add("Access-Control-Request-Method", "POST");
            asks.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,idempotency-key");
            using var told = await client.SendAsync(asks);
            using var reads = new HttpRequestMessage(HttpMethod.Get, "/runs");
            reads.Headers.Add("Origin", origin);
            using var keyless = await client.SendAsync(reads);

            Assert.Equal(allowed, One(told, "Access-Control-Allow-Origin"));
            Assert.Equal((HttpStatusCode.Unauthorized, allowed), (keyless.StatusCode, One(keyless, "Access-Control-Allow-Origin")));
            Assert.Null(One(told, "Access-Control-Allow-Credentials"));
        }

        static string? One(HttpResponseMessage answer, string header) => answer.Headers.TryGetValues(header, out var values) ? values.Single() : null;
    }

    [Theory]
    [InlineData("*")]
    [InlineData("app.example")]
    [InlineData("https://app.example/page")]
    [InlineData("file://app")]
    public void What_is_no_origin_refuses_the_start(string origin)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("Callers:Origins:0", origin)]).Build();

        var refused = Assert.Throws<StartRefusedException>(() => CallerOptions.From(settings));

        Assert.StartsWith($"Callers:Origins:0 (Callers__Origins__0) is '{origin}'; it must be an origin", refused.Message, StringComparison.Ordinal);
    }

    static bool Known(HttpStatusCode status) => status is not HttpStatusCode.Unauthorized;

    [Fact]
    public async Task As_soon_as_there_is_a_key_every_endpoint_but_health_asks_for_one()
    {
        await server.Until(Known, HttpMethod.Get, "/agents", server.Admin);
        var refused = 0;
        foreach (var (endpoint, method, url) in Endpoints())
        {
            using var none = await server.Send(method, url, key: null);
            using var wrong = await server.Send(method, url, key: ApiKey.NewSecret());

            if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                Assert.Matches(@"^/(|pages/.*|health/\w+|reference/[\w.]+\.(js|svg)|schemas/agent\.json)$", url); // pages, script, icon, form: nothing of anybody
                continue;
            }

            Assert.Contains(Assert.Single(endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>()).Policy, Permissions.All);
            Assert.True(none.StatusCode is HttpStatusCode.Unauthorized, $"{method} {url} answered {none.StatusCode} without a key.");
            Assert.True(wrong.StatusCode is HttpStatusCode.Unauthorized, $"{method} {url} answered {wrong.StatusCode} to a wrong key.");
            Assert.Equal("Bearer", none.Headers.WwwAuthenticate.Single().Scheme);
            var problem = await none.Content.ReadFromJsonAsync<JsonElement>();
            if (!url.StartsWith("/v1", StringComparison.Ordinal)) Assert.Equal("Key needed", problem.GetProperty("title").GetString());
            refused++;
        }

        Assert.True(refused > 20, $"Only {refused} endpoints were tried.");
    }

    [Fact]
    public async Task The_run_of_another_tenant_is_unknown_at_every_endpoint()
    {
        var stranger = await server.Key("other", Roles.Admin);
        await server.Until(Known, HttpMethod.Get, "/agents", server.Admin);
        await server.Until(Known, HttpMethod.Get, "/agents", stranger);
        using var queued = await server.Send(HttpMethod.Post, "/runs", server.Admin, App.Body("Whose run is this?"));
        Assert.Equal(HttpStatusCode.Accepted, queued.StatusCode);
        var id = (await queued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();

        var tried = 0;
        foreach (var (_, method, url) in Endpoints("/runs/{id", id))
        {
            using var answer = await server.Send(method, url, stranger, BodyFor(method, url));
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound, $"{method} {url} answered {answer.StatusCode} to another tenant.");
            tried++;
        }

        static object? BodyFor(HttpMethod method, string url) =>
            method == HttpMethod.Get ? null
            : url.EndsWith("/budget", StringComparison.Ordinal) ? new { budgetUsd = 1 }
            : url.Contains("/spend/", StringComparison.Ordinal) ? new { usd = 1 }
            : url.EndsWith("/resolve", StringComparison.Ordinal) ? new { again = true }
            : new { };

        Assert.True(tried >= 8, $"Only {tried} endpoints were tried.");
        using var list = await server.Send(HttpMethod.Get, "/runs", stranger);
        Assert.Empty((await list.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").EnumerateArray());
        using var own = await server.Send(HttpMethod.Get, $"/runs/{id}", server.Admin);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Fact]
    public async Task Responses_and_threads_of_another_tenant_are_unknown()
    {
        var stranger = await server.Key("another", Roles.Admin);
        await server.Until(Known, HttpMethod.Get, "/agents", server.Admin);
        await server.Until(Known, HttpMethod.Get, "/agents", stranger);
        using var asked = await server.Send(
            HttpMethod.Post, "/v1/responses", server.Admin, new { model = "research", input = "Whose response is this?", background = true });
        var id = (await asked.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString()!;
        var run = Guid.ParseExact(id["resp_".Length..], "N");

        foreach (var (method, url) in new[]
                 {
                     (HttpMethod.Get, $"/v1/responses/{id}"), (HttpMethod.Get, $"/v1/responses/{id}?stream=true"),
                     (HttpMethod.Get, $"/v1/responses/{id}/input_items"),
                     (HttpMethod.Post, $"/v1/responses/{id}/cancel"), (HttpMethod.Delete, $"/v1/responses/{id}"), (HttpMethod.Get, $"/threads/{run}"),
                 })
        {
            using var answer = await server.Send(method, url, stranger);
            Assert.True(answer.StatusCode is HttpStatusCode.NotFound, $"{method} {url} answered {answer.StatusCode} to another tenant.");
        }

        using var follow = await server.Send(
            HttpMethod.Post, "/v1/responses", stranger, new { model = "research", input = "And?", previous_response_id = id });
        Assert.Equal(HttpStatusCode.BadRequest, follow.StatusCode); // as OpenAI answers
        object[] answers = [new { type = "mcp_approval_response", approval_request_id = $"mcpr_{run:N}_c0001t001", approve = true }];
        using var approve = await server.Send(HttpMethod.Post, "/v1/responses", stranger, new { model = "research", input = answers });
        Assert.Equal(HttpStatusCode.BadRequest, approve.StatusCode);
        using var own = await server.Send(HttpMethod.Get, $"/v1/responses/{id}", server.Admin);
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }

    [Theory]
    [InlineData(Roles.Viewer, true, false, false)]
    [InlineData(Roles.Operator, true, true, false)]
    [InlineData(Roles.Finance, false, false, true)]
    [InlineData(Roles.Auditor, true, false, true)]
    [InlineData(Roles.Admin, true, true, true)]
    public async Task A_role_may_do_what_it_is_for_and_nothing_else(string role, bool mayRead, bool mayOperate, bool maySeeCosts)
    {
        var key = await server.Key("acme", role);
        await server.Until(Known, HttpMethod.Get, "/runs", key);

        await Check(mayRead, HttpMethod.Get, "/runs");
        await Check(mayRead, HttpMethod.Get, "/search?q=word");
        await Check(mayOperate, HttpMethod.Post, "/runs", App.Body($"May a {role} ask?"));
        await Check(maySeeCosts, HttpMethod.Get, "/costs");

        async Task Check(bool may, HttpMethod method, string url, object? body = null)
        {
            using var answer = await server.Send(method, url, key, body);
            Assert.True(may == answer.IsSuccessStatusCode, $"{role} got {answer.StatusCode} from {method} {url}.");
            if (!may)
                Assert.Equal(("Not allowed", HttpStatusCode.Forbidden),
                    ((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("title").GetString(), answer.StatusCode));
        }
    }

    [Theory]
    [InlineData("POST", "/runs", "text/plain", HttpStatusCode.UnsupportedMediaType, "content-type: application/json")]
    [InlineData("PUT", "/budgets/agent/research", "text/plain", HttpStatusCode.UnsupportedMediaType, "content-type: application/json")]
    [InlineData("PATCH", "/runs", "application/json", HttpStatusCode.MethodNotAllowed, "Allow")]
    public async Task A_body_that_is_no_JSON_and_a_method_that_there_is_not_are_named(
        string method, string url, string contentType, HttpStatusCode status, string help)
    {
        await server.Until(Known, HttpMethod.Get, "/agents", server.Admin);
        using var client = server.Host.Server.CreateClient();
        using var request = new HttpRequestMessage(new(method), url) { Content = new StringContent("{}", null, contentType) };
        request.Headers.Authorization = new("Bearer", server.Admin);

        using var answer = await client.SendAsync(request);

        Assert.Equal(status, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal((int)status, problem.GetProperty("status").GetInt32());
        Assert.Contains(help, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_budget_of_a_key_goes_by_its_id_and_that_of_a_name_must_be_asked_for()
    {
        var finance = await server.Key("acme", Roles.Finance);
        var (_, lone) = await server.Keys.Create("acme", Roles.Operator, "lone", CancellationToken.None);
        var (_, first) = await server.Keys.Create("acme", Roles.Operator, "twin", CancellationToken.None);
        var (_, second) = await server.Keys.Create("acme", Roles.Operator, "twin", CancellationToken.None);
        await server.Until(Known, HttpMethod.Get, "/budgets", finance);

        Assert.Equal((HttpStatusCode.Created, lone.Id, "lone"), Named(await Set("lone")));
        Assert.Equal((HttpStatusCode.OK, lone.Id, "lone"), Named(await Set(lone.Id)));
        var (status, problem) = await Set("twin");
        Assert.Equal((HttpStatusCode.Conflict, "Several keys of that name"), (status, problem.GetProperty("title").GetString()));
        Assert.Contains($"{first.Id}, {second.Id}", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Created, second.Id, "twin"), Named(await Set(second.Id)));
        Assert.Equal((HttpStatusCode.Created, "twin", null), Named(await Set("twin", "?shared=true")));
        Assert.Equal((HttpStatusCode.OK, "twin", null), Named(await Set("twin"))); // it is there
        using var removed = await server.Send(HttpMethod.Delete, "/budgets/key/lone", finance);
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);

        async Task<(HttpStatusCode Status, JsonElement Answer)> Set(string key, string query = "")
        {
            using var answer = await server.Send(HttpMethod.Put, $"/budgets/key/{key}{query}", finance, new { limitUsd = 5 });
            return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>());
        }

        static (HttpStatusCode, string?, string?) Named((HttpStatusCode Status, JsonElement Answer) answer) =>
            (answer.Status, answer.Answer.GetProperty("value").GetString(), answer.Answer.GetProperty("keyName").GetString());
    }

    [Fact]
    public async Task What_an_operator_reads_of_a_schedule_and_writes_back_keeps_its_budget()
    {
        var (admin, @operator) = (await server.Key("acme", Roles.Admin), await server.Key("acme", Roles.Operator));
        await server.Until(Known, HttpMethod.Get, "/agents", admin);
        await server.Until(Known, HttpMethod.Get, "/agents", @operator);
        var run = new { agent = "research", question = "What is new?", budgetUsd = 0.25m };
        using var made = await server.Send(HttpMethod.Post, "/schedules", admin, new { name = "kept", cron = "0 0 1 1 *", run });
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);

        using var read = await server.Send(HttpMethod.Get, "/schedules/kept", @operator);
        var schedule = (await read.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("schedule");
        Assert.Equal(JsonValueKind.Null, schedule.GetProperty("run").GetProperty("budgetUsd").ValueKind);
        using var written = await server.Send(
            HttpMethod.Put, "/schedules/kept", @operator,
            new { cron = "0 0 2 1 *", run = new { agent = "research", question = "What is new?", budgetUsd = (decimal?)null } });
        Assert.Equal(HttpStatusCode.OK, written.StatusCode);

        using var after = await server.Send(HttpMethod.Get, "/schedules/kept", admin);
        var kept = (await after.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("schedule");
        Assert.Equal(("0 0 2 1 *", 0.25m), (kept.GetProperty("cron").GetString(), kept.GetProperty("run").GetProperty("budgetUsd").GetDecimal()));
    }

    [Fact]
    public async Task Who_sees_no_money_is_told_the_names_of_amounts()
    {
        var viewer = await server.Key("acme", Roles.Viewer);
        await server.Until(Known, HttpMethod.Get, "/agents", viewer);

        using var answer = await server.Send(HttpMethod.Get, "/openapi/v1.json", viewer);

        var schemas = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("components").GetProperty("schemas");
        var amounts = schemas.EnumerateObject().Where(schema => schema.Value.TryGetProperty("properties", out _))
            .SelectMany(schema => schema.Value.GetProperty("properties").EnumerateObject()).Where(property => property.Name == "costUsd").ToList();
        Assert.NotEmpty(amounts);
        Assert.All(amounts, amount => Assert.Equal(JsonValueKind.Object, amount.Value.ValueKind));
    }

    [Fact]
    public async Task A_viewer_follows_a_run_but_not_so_that_leaving_cancels_it()
    {
        var (viewer, @operator) = (await server.Key("acme", Roles.Viewer), await server.Key("acme", Roles.Operator));
        await server.Until(Known, HttpMethod.Get, "/agents", viewer);
        await server.Until(Known, HttpMethod.Get, "/agents", @operator);
        using var queued = await server.Send(HttpMethod.Post, "/runs", @operator, App.Body("Who may cancel this?"));
        var id = (await queued.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();

        using var follows = await server.Send(HttpMethod.Get, $"/runs/{id}/stream", viewer);
        using var continues = await server.Send(HttpMethod.Get, $"/runs/{id}/stream?on_disconnect=continue", viewer);
        using var cancels = await server.Send(HttpMethod.Get, $"/runs/{id}/stream?on_disconnect=cancel", viewer);
        using var may = await server.Send(HttpMethod.Get, $"/runs/{id}/stream?on_disconnect=cancel", @operator);

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.Forbidden, HttpStatusCode.OK],
            new[] { follows, continues, cancels, may }.Select(answer => answer.StatusCode));
        Assert.Equal("Not allowed", (await cancels.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("title").GetString());
    }

    [Fact]
    public async Task A_revoked_key_is_refused_within_five_seconds_and_its_streams_close()
    {
        var (secret, key) = await server.Keys.Create("acme", Roles.Operator, "to be revoked", CancellationToken.None);
        await server.Until(Known, HttpMethod.Get, "/agents", secret);
        using var stream = await server.Send(HttpMethod.Get, "/stream", secret);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);

        Assert.True(await server.Keys.Revoke(key.Id, CancellationToken.None));
        var revoked = System.Diagnostics.Stopwatch.StartNew();
        var status = await server.Until(answer => answer is HttpStatusCode.Unauthorized, HttpMethod.Get, "/agents", secret);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.True(revoked.Elapsed < TimeSpan.FromSeconds(5), $"It took {revoked.Elapsed}.");
        await using var body = await stream.Content.ReadAsStreamAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var reader = new StreamReader(body);
        Assert.DoesNotContain("[DONE]", await reader.ReadToEndAsync(patience.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_hash_of_a_key_is_kept()
    {
        var (secret, key) = await server.Keys.Create("acme", Roles.Viewer, "", CancellationToken.None);

        Assert.StartsWith(ApiKey.Prefix, secret, StringComparison.Ordinal);
        Assert.Equal(ApiKey.Prefix.Length + 43, secret.Length);
        await using var command = server.Host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
            $"select hash = sha256('{secret}'::bytea) and k::text not like '%{secret[7..]}%' from agents.api_key k where id = '{key.Id}'");
        Assert.Equal(true, await command.ExecuteScalarAsync());
    }

    /// <summary>Every mapped endpoint with each of its methods, with an id for each parameter.</summary>
    IEnumerable<(RouteEndpoint Endpoint, HttpMethod Method, string Url)> Endpoints(string beginning = "", Guid id = default)
    {
        foreach (var endpoint in server.Host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Distinct())
        {
            var route = "/" + endpoint.RoutePattern.RawText!.TrimStart('/');
            if (!route.StartsWith(beginning, StringComparison.Ordinal)) continue;
            var url = System.Text.RegularExpressions.Regex.Replace(route, @"\{[^}]*\}", id.ToString());
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                yield return (endpoint, new(method), url);
        }
    }
}
