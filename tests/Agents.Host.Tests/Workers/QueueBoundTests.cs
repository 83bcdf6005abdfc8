using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Host.Engine.Queue;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Agents.Host.Tests.Workers;

/// <summary>A server that works on nothing, so that its queue only grows.</summary>
public sealed class QueueBoundTests
{
    [Fact]
    public async Task What_comes_when_too_many_wait_is_refused_with_a_time_to_try_again()
    {
        var connection = await TestDatabase.CreatePrepared("bound");
        await using var app = await Agents.Host.Server.Build(
            ["--urls=http://127.0.0.1:0", $"--ConnectionStrings:agents={connection}", "--Workers:MaxRuns=0", "--Workers:MaxQueuedPerTenant=5"],
            adjust: builder => builder.Logging.ClearProviders());
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new(app.Services.GetRequiredService<IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };

        for (var n = 0; n < 5; n++) Assert.Equal(HttpStatusCode.Accepted, (await Ask(client, $"Number {n}", key: $"k{n}")).StatusCode);

        using var refused = await Ask(client, "One too many.", key: null);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        var problem = await refused.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("Queue is full", problem.GetProperty("title").GetString());
        Assert.Contains("5 runs of tenant default wait", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);

        using var batch = await client.PostAsJsonAsync("/runs/batch", new { items = new[] { new { agent = "research", question = "Or two." } } });
        Assert.Equal(HttpStatusCode.TooManyRequests, batch.StatusCode);

        using var response = await client.PostAsJsonAsync("/v1/responses", new { model = "research", input = "Or so." });
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal(
            "rate_limit_error", (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetProperty("type").GetString());

        using var repeated = await Ask(client, "Number 3", key: "k3");
        Assert.Equal(HttpStatusCode.Accepted, repeated.StatusCode); // it is in the queue already
    }

    [Fact]
    public async Task A_bound_that_is_disposed_gives_no_turn_any_more_and_takes_one_back()
    {
        await using var database = NpgsqlDataSource.Create("Host=127.0.0.1");
        var bound = new QueueBound(database, new WorkerOptions());
        var turn = await bound.Turn(TestContext.Current.CancellationToken);
        bound.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => bound.Turn(TestContext.Current.CancellationToken));
        turn.Dispose(); // a request that ends after the server stopped
    }

    static async Task<HttpResponseMessage> Ask(HttpClient client, string question, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/runs") { Content = JsonContent.Create(new { agent = "research", question }) };
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return await client.SendAsync(request);
    }
}
