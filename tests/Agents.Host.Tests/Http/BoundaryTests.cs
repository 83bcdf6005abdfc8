using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Agents.Host.Api.Batches;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Agents.Host.Tests.Http;

/// <summary>What no endpoint takes is refused before it, whatever the endpoint; and numbers have two ends.</summary>
public sealed class BoundaryTests(App app)
{
    const string Schedule = """{"name":"odd","cron":"0 7 * * *","run":{"agent":"counter","question":"Odd?"}""";

    [Theory]
    [InlineData("POST", "/runs", "null", "No body")]
    [InlineData("POST", "/schedules", "null", "No body")]
    [InlineData("PUT", "/limits/overall", "null", "No body")]
    [InlineData("POST", "/runs/cancel", "", "No body")]
    [InlineData("POST", "/runs/00000000-0000-0000-0000-000000000000/cancel", "null", "No body")]
    [InlineData("POST", "/schedules", Schedule + ""","timeZone":null}""", "Malformed JSON")]
    [InlineData("POST", "/schedules", Schedule + ""","cron":"H * * * *"}""", "Malformed JSON")] // named twice
    [InlineData("POST", "/schedules", """{"name":"odd","cron":"H * * * *","run":{"agent":"counter","question":"Odd?"}}""", "Bad time")]
    [InlineData("POST", "/runs", """{"agent":"counter","question":"Which?","question":"This?"}""", "Malformed JSON")]
    [InlineData("POST", "/runs", """{"agent":"counter","question":"Which?","metadata":{"a":"1","a":"2"}}""", "Malformed JSON")]
    [InlineData("POST", "/runs", """{"agent":"counter","question":"How much?","budgetUsd":1e20}""", "Bad budget")]
    [InlineData("POST", "/runs", """{"agent":"counter","question":"How much?","budgetUsd":1e400}""", "Malformed JSON")]
    [InlineData("POST", "/prices", """{"list":{"version":"odd","currency":"USD","unit":"per million tokens","entries":null}}""", "Bad price list")]
    [InlineData("POST", "/prices", """{"list":{"version":"odd","currency":"USD","unit":"per million tokens","entries":[null]}}""", "Bad price list")]
    [InlineData("PUT", "/limits/tenant:tiny", """{"weight":1e-308}""", "Bad limit")]
    [InlineData("PUT", "/limits/tenant:tiny", """{"weight":0.0009}""", "Bad limit")]
    [InlineData("PUT", "/limits/tenant:tiny", """{"weight":1000.1}""", "Bad limit")]
    [InlineData("PUT", "/rates/openai/tiny", """{"requestsPerMinute":2147483647}""", "Bad limit")]
    [InlineData("PUT", "/rates/openai/tiny", """{"tokensPerMinute":9223372036854775807}""", "Bad limit")]
    public async Task A_body_that_is_not_what_is_taken_is_refused(string method, string url, string body, string title)
    {
        var (status, problem) = await Send(new(method), url, body);

        Assert.Equal((HttpStatusCode.BadRequest, title), (status, problem.GetProperty("title").GetString()));
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
    }

    [Fact]
    public async Task A_body_that_is_not_UTF_8_is_refused()
    {
        var (status, problem) = await Send(HttpMethod.Post, "/v1/responses", [.. """{"model":"talker","input":" """u8, 0xED, 0xA0, 0x80, .. "\"}"u8]);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.NotEmpty(problem.GetProperty("error").GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task Half_a_pair_in_a_response_s_input_is_replaced()
    {
        var (status, response) = await Send(HttpMethod.Post, "/v1/responses", """{"model":"counter","input":"a\ud800b","background":true}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("a\uFFFDb", (await app.Get($"/runs/{Guid.ParseExact(response.GetProperty("id").GetString()!["resp_".Length..], "N")}"))
            .GetProperty("question").GetString());
    }

    [Theory]
    [InlineData("/runs?agent=%00")]
    [InlineData("/runs?%00=1")]
    [InlineData("/stream?agent=a%00b")]
    [InlineData("/prices/model?model=%00")]
    public async Task NUL_in_an_address_is_refused(string url) =>
        Assert.Equal("Bad address", (await app.Get(url, 400)).GetProperty("title").GetString());

    [Theory]
    [InlineData("/runs/00000000-0000-0000-0000-000000000000/events?after=9223372036854775807")]
    [InlineData("/stream?after=9223372036854775807")]
    public async Task A_position_beyond_every_event_is_refused(string url) =>
        Assert.Equal("Bad after", (await app.Get(url, 400)).GetProperty("title").GetString());

    [Fact]
    public async Task A_form_that_breaks_off_is_refused()
    {
        using var form = new ByteArrayContent(Encoding.UTF8.GetBytes(
            "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.md\"\r\n\r\nhalf"));
        form.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        using var client = app.Client();

        using var answer = await client.PostAsync(new Uri("/documents", UriKind.Relative), form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("insert into agents.admission_limit (scope, value, weight, changed_by) values ('tenant', 'tiny', 1e-308, 'test')")]
    [InlineData("insert into agents.admission_limit (scope, value, weight, changed_by) values ('tenant', 'tiny', 1e308, 'test')")]
    [InlineData("insert into agents.admission_limit (scope, value, max_runs, changed_by) values ('tenant', 'tiny', 2147483647, 'test')")]
    [InlineData("insert into agents.rate (provider, model, requests_per_minute) values ('openai', 'tiny', 0)")]
    [InlineData("insert into agents.rate (provider, model, tokens_per_minute) values ('openai', 'tiny', 9223372036854775807)")]
    [InlineData("insert into finance.budget (tenant_id, scope, value, period, limit_usd, set_by) values ('default', 'agent', 'tiny', 'day', 1e10, 'test')")]
    public async Task The_tables_have_the_same_bounds(string sql)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => app.Scalar<int>(sql + " returning 1"));

        Assert.Equal(PostgresErrorCodes.CheckViolation, refused.SqlState);
    }

    [Theory]
    [InlineData("1e-308")]
    [InlineData("0")]
    [InlineData("1001")]
    [InlineData("NaN")]
    public void A_weight_in_the_settings_has_the_same_bounds(string weight)
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("Workers:Weights:acme", weight)]).Build();

        var refused = Assert.Throws<StartRefusedException>(() => WorkerOptions.From(settings));

        Assert.Contains("from 0.001 to 1,000", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_budget_is_not_raised_above_what_one_may_have()
    {
        await Send(HttpMethod.Put, "/budgets/agent/lofty?period=day", """{"limitUsd":1000000000}""");

        var (status, problem) = await Send(HttpMethod.Post, "/budgets/agent/lofty/raise?period=day", """{"byUsd":1}""");

        Assert.Equal((HttpStatusCode.BadRequest, "Bad byUsd"), (status, problem.GetProperty("title").GetString()));
        Assert.Equal(1_000_000_000m, (await app.Get("/budgets/agent/lofty?period=day")).GetProperty("budget").GetProperty("limitUsd").GetDecimal());
    }

    [Fact]
    public async Task Two_keys_that_differ_begin_nothing_and_the_same_twice_begins_one()
    {
        const string Question = "Which key?";
        var body = App.Body(Question, "counter", new { idempotencyKey = "in the body" });

        var problem = await app.Post("/runs", body, 400, key: "in the header");

        Assert.Equal("Two idempotency keys", problem.GetProperty("title").GetString());
        Assert.Equal(0, await app.Scalar<long>("select count(*) from agents.run_summary where question = $1", Question));
        var first = await app.Post("/runs", body, 202, key: "in the body");
        var again = await app.Post("/runs", body, 202);
        Assert.Equal(first.GetProperty("id").GetGuid(), again.GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task A_batch_of_millions_of_ones_is_refused_and_makes_none_of_them()
    {
        const int Bytes = 32 * 1024 * 1024;
        var body = new byte[Bytes];
        var (head, tail) = ("{\"items\":["u8.ToArray(), "1]}"u8.ToArray());
        for (var at = 0; at < Bytes; at += 2) (body[at], body[at + 1]) = ((byte)'1', (byte)',');
        head.CopyTo(body, 0);
        tail.CopyTo(body, Bytes - tail.Length);
        if (body[head.Length] == ',') body[head.Length] = (byte)' ';
        QueueBatchRequest.Parse("{}"u8);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var request = QueueBatchRequest.Parse(body);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(request.HasTooMany);
        Assert.InRange(allocated, 0, 100_000);
        var (status, problem) = await Send(HttpMethod.Post, "/runs/batch", body);
        Assert.Equal((HttpStatusCode.BadRequest, "Batch too large"), (status, problem.GetProperty("title").GetString()));
    }

    Task<(HttpStatusCode Status, JsonElement Answer)> Send(HttpMethod method, string url, string body) =>
        Send(method, url, Encoding.UTF8.GetBytes(body));

    async Task<(HttpStatusCode Status, JsonElement Answer)> Send(HttpMethod method, string url, byte[] body)
    {
        using var client = app.Client();
        using var request = new HttpRequestMessage(method, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text));
    }
}
