using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Host.Http;
using Alba;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Access;

/// <summary>What one key may ask of a node, on a node where that is little.</summary>
public sealed class CallerLimitTests : IAsyncLifetime
{
    IAlbaHost host = null!;
    string greedy = "", modest = "";

    public async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.CreatePrepared("callers");
        await using (var database = NpgsqlDataSource.Create(connection))
        {
            greedy = await Key(database, "greedy");
            modest = await Key(database, "modest");
        }

        host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Workers:MaxRuns", "0");
            web.UseSetting("Callers:RequestsPerSecond", "1");
            web.UseSetting("Callers:Burst", "20");
            web.UseSetting("Callers:OpenRequests", "3");
        });
    }

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_key_that_asks_too_often_waits_and_the_others_do_not()
    {
        var statuses = new List<HttpStatusCode>();
        HttpResponseMessage? refused = null;
        for (var n = 0; n < 40; n++)
        {
            var answer = await Get("/runs", greedy);
            statuses.Add(answer.StatusCode);
            if (answer.StatusCode is HttpStatusCode.TooManyRequests) refused ??= answer;
        }

        Assert.All(statuses.Take(20), status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.NotNull(refused);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Equal("Too many requests", (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("title").GetString());
        using var other = await Get("/runs", modest);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        using var client = await Get("/v1/models", greedy);
        Assert.Equal(HttpStatusCode.TooManyRequests, client.StatusCode);
        Assert.Equal("rate_limit_error",
            (await client.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_key_has_so_many_streams_open_and_no_more_until_one_ends()
    {
        var open = new List<HttpResponseMessage>();
        for (var n = 0; n < 3; n++) open.Add(await Get("/stream", modest));
        Assert.All(open, stream => Assert.Equal(HttpStatusCode.OK, stream.StatusCode));

        using (var refused = await Get("/stream", modest))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Equal("Too many open requests", (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("title").GetString());
        }

        using (var short_ = await Get("/runs", modest)) Assert.Equal(HttpStatusCode.OK, short_.StatusCode); // what ends at once is asked all the same
        open[0].Dispose();
        await App.Until("a place for a stream", async () =>
        {
            await Task.Delay(1000); // a request each second
            var again = await Get("/stream", modest);
            open.Add(again);
            return again.StatusCode is HttpStatusCode.OK;
        });
        foreach (var stream in open) stream.Dispose();
    }

    async Task<HttpResponseMessage> Get(string url, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Authorization = new("Bearer", key);
        return await host.Server.CreateClient().SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    static async Task<string> Key(NpgsqlDataSource database, string name) =>
        (await new KeyStore(database).Create("acme", Roles.Operator, name, CancellationToken.None)).Secret;
}
