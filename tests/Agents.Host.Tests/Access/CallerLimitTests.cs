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
    string greedy = "", modest = "", bulky = "";

    public async ValueTask InitializeAsync()
    {
        var connection = await TestDatabase.CreatePrepared("callers");
        await using (var database = NpgsqlDataSource.Create(connection))
        {
            greedy = await Key(database, "greedy");
            modest = await Key(database, "modest");
            bulky = await Key(database, "bulky");
        }

        host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Workers:MaxRuns", "0");
            web.UseSetting("Callers:RequestsPerSecond", "1");
            web.UseSetting("Callers:Burst", "100");
            web.UseSetting("Callers:OpenRequests", "3");
        });
    }

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task A_key_that_asks_too_often_waits_and_the_others_do_not()
    {
        var statuses = new List<HttpStatusCode>();
        HttpResponseMessage? refused = null;
        for (var n = 0; n < 130; n++)
        {
            var answer = await Get("/runs", greedy);
            statuses.Add(answer.StatusCode);
            if (answer.StatusCode is HttpStatusCode.TooManyRequests) refused ??= answer;
        }

        Assert.All(statuses.Take(100), status => Assert.Equal(HttpStatusCode.OK, status));
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

    [Fact]
    public async Task Large_bodies_of_a_key_are_read_a_few_at_a_time_and_very_many_are_refused()
    {
        var end = new TaskCompletionSource();
        using var client = host.Server.CreateClient();
        var posts = Enumerable.Range(0, 4 + 64 + 1).Select(_ =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/runs/batch") { Content = new Unending(end.Task) };
            request.Headers.Authorization = new("Bearer", bulky);
            return client.SendAsync(request);
        }).ToList();

        using var first = await await Task.WhenAny(posts); // all others are read, or wait for it
        end.SetResult();
        var answers = await Task.WhenAll(posts);

        Assert.Equal(HttpStatusCode.TooManyRequests, first.StatusCode);
        Assert.NotNull(first.Headers.RetryAfter);
        Assert.Equal(68, answers.Count(answer => answer.StatusCode is HttpStatusCode.BadRequest)); // read: an empty batch
    }

    /// <summary>A body that comes when it may.</summary>
    sealed class Unending(Task end) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await end;
            await stream.WriteAsync("{}"u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
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
