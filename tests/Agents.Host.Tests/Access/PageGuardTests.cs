using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Agents.Host.Http;

namespace Agents.Host.Tests.Access;

/// <summary>What a web page can send is refused by a server that needs no key, and what programs send is not.</summary>
public sealed class PageGuardTests(App app)
{
    const string Question = "Did a page ask this?";

    [Theory]
    [InlineData("Host", "evil.example", "Host refused")]
    [InlineData("Host", "evil.example:5080", "Host refused")]
    [InlineData("Host", "localhost.evil.example", "Host refused")]
    [InlineData("Host", "192.168.1.7", "Host refused")]
    [InlineData("Origin", "http://evil.example", "Origin refused")]
    [InlineData("Origin", "http://localhost:3000", "Origin refused")]
    [InlineData("Origin", "https://localhost", "Origin refused")]
    [InlineData("Origin", "null", "Origin refused")]
    [InlineData("Sec-Fetch-Site", "cross-site", "Origin refused")]
    [InlineData("Sec-Fetch-Site", "same-site", "Origin refused")]
    [InlineData("Sec-Fetch-Site", "unheard-of", "Origin refused")]
    [InlineData("X-Forwarded-For", "203.0.113.9", "Proxy refused")]
    [InlineData("Forwarded", "for=203.0.113.9", "Proxy refused")]
    [InlineData("Via", "1.1 proxy", "Proxy refused")]
    public async Task A_page_of_another_site_reads_and_changes_nothing(string header, string value, string title)
    {
        foreach (var (method, url) in new[] { (HttpMethod.Get, "/runs"), (HttpMethod.Get, "/runs?limit=1"), (HttpMethod.Post, "/runs") })
        {
            using var request = new HttpRequestMessage(method, url);
            request.Headers.Add(header, value);
            request.Headers.Add(PageGuard.ClientHeader, "tests");
            if (method == HttpMethod.Post) request.Content = Json(Question);

            var (status, problem) = await Send(request);

            Assert.Equal((HttpStatusCode.Forbidden, title), (status, problem.GetProperty("title").GetString()));
        }

        Assert.Equal(0, await Asked(Question));
    }

    [Theory]
    [InlineData("POST", "/runs", "text/plain")]
    [InlineData("POST", "/runs", "application/x-www-form-urlencoded")]
    [InlineData("POST", "/runs", "multipart/form-data; boundary=x")]
    [InlineData("POST", "/runs", "text/plain; application/json")]
    [InlineData("POST", "/runs", null)]
    [InlineData("POST", "/runs/batch", "text/plain")]
    [InlineData("POST", "/v1/responses", "text/plain")]
    [InlineData("POST", "/documents?source=forged.md", "text/plain")]
    [InlineData("POST", "/documents?source=forged.md", null)]
    [InlineData("POST", "/finance/usage", "text/csv")]
    [InlineData("POST", "/prices", "text/plain")]
    [InlineData("PUT", "/limits/tenant:forged", "text/plain")]
    [InlineData("POST", "/runs/cancel", "text/plain")]
    [InlineData("POST", "/runs/00000000-0000-0000-0000-000000000000/cancel", null)]
    [InlineData("DELETE", "/documents/nothing", null)]
    public async Task What_a_browser_sends_for_any_page_unasked_changes_nothing(string method, string url, string? contentType)
    {
        using var request = new HttpRequestMessage(new(method), url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(
            JsonSerializer.Serialize(new { agent = "counter", question = Question }))) };
        if (contentType is not null) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType.Replace("; application/json", ""));
        if (contentType?.EndsWith("; application/json", StringComparison.Ordinal) is true)
            Assert.True(request.Content.Headers.Remove("Content-Type") && request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType));

        var (status, answer) = await Send(request);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, status);
        var text = answer.ToString();
        Assert.Contains("Not JSON", text, StringComparison.Ordinal);
        Assert.Contains(PageGuard.ClientHeader, text, StringComparison.Ordinal);
        Assert.Equal(0, await Asked(Question));
        Assert.Equal(0, await app.Scalar<long>("select count(*) from agents.document where source = 'forged.md'"));
    }

    [Theory]
    [InlineData("Host", "localhost:5080")]
    [InlineData("Host", "127.0.0.1")]
    [InlineData("Host", "[::1]:5080")]
    [InlineData("Origin", "http://localhost")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    public async Task This_machine_and_the_server_s_own_pages_are_answered(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/runs");
        request.Headers.Add(header, value);

        Assert.Equal(HttpStatusCode.OK, (await Send(request)).Status);
    }

    [Theory]
    [InlineData("Content-Type", "application/json")]
    [InlineData("Agents-Client", "curl")]
    [InlineData("Authorization", "Bearer anything")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    public async Task A_program_says_what_no_page_can_say(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/runs/{Guid.CreateVersion7()}/cancel") { Content = new ByteArrayContent([]) };
        if (header == "Content-Type") request.Content.Headers.ContentType = new(value);
        else request.Headers.Add(header, value);

        Assert.Equal(HttpStatusCode.NotFound, (await Send(request)).Status); // there is no such run
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", 200)]
    [InlineData("::1", "::1", 200)]
    [InlineData("192.0.2.7", "192.0.2.1", 401)] // from another machine, to an address that it reaches
    [InlineData("127.0.0.1", "192.0.2.1", 401)] // as a proxy's header may say
    [InlineData("192.0.2.7", "127.0.0.1", 401)] // forwarded by a proxy on this machine
    public async Task Only_a_connection_within_this_machine_needs_no_key(string from, string to, int status)
    {
        var answer = await app.Host.Server.SendAsync(http =>
        {
            http.Request.Method = "GET";
            http.Request.Path = "/runs";
            http.Request.Host = new("localhost");
            http.Connection.RemoteIpAddress = IPAddress.Parse(from);
            http.Connection.LocalIpAddress = IPAddress.Parse(to);
        });

        Assert.Equal(status, answer.Response.StatusCode);
    }

    static StringContent Json(string question) =>
        new(JsonSerializer.Serialize(new { agent = "counter", question }), Encoding.UTF8, "application/json");

    async Task<(HttpStatusCode Status, JsonElement Answer)> Send(HttpRequestMessage request)
    {
        using var client = app.Host.Server.CreateClient();
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text));
    }

    async Task<long> Asked(string question) => await app.Scalar<long>("select count(*) from agents.run_summary where question = $1", question);
}
