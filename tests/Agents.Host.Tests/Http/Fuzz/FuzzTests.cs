using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Agents.Host.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Agents.Host.Tests.Http.Fuzz;

/// <summary>
/// Odd requests to every operation of the OpenAPI document: each is a sensible one with one to three places spoilt. The server refuses what it does not
/// take, and never fails. The requests are the same in each run; a failure shows which one it was.
/// </summary>
public sealed class FuzzTests
{
    const int Requests = 5_000;
    const int Seed = 14;

    /// <summary>A stream, or a response that is waited for, is left after this: no answer is no failure.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Of_five_thousand_odd_requests_none_makes_the_server_fail()
    {
        await using var app = await Agents.Host.Server.Build(
            ["--urls=http://127.0.0.1:0", "--Workers:MaxRuns=0", $"--ConnectionStrings:agents={await TestDatabase.CreatePrepared("fuzz")}"],
            adjust: builder => builder.Logging.ClearProviders());
        await app.StartAsync();
        using var client = new HttpClient
        {
            BaseAddress = new(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()), Timeout = Patience,
        };
        client.DefaultRequestHeaders.Add(PageGuard.ClientHeader, "tests");
        var run = await Run(client);
        var operations = Operation.Read(await client.GetStringAsync("openapi/v1.json"));
        Assert.True(operations.Count > 70, $"Only {operations.Count} operations were found.");
        var random = new Random(Seed);
        var requests = Enumerable.Range(0, Requests).Select(n => OddRequest.To(operations[n % operations.Count], run, random)).ToList();

        var (failed, answered) = (new ConcurrentBag<string>(), new ConcurrentBag<int>());
        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (request, ct) =>
        {
            var status = await Send(client, request, ct);
            if (status is { } known) answered.Add(known);
            if (status >= 500) failed.Add($"{status} {request}");
        });

        Assert.True(failed.IsEmpty, $"{failed.Count} failed:\n{string.Join('\n', failed.Order().Take(20))}");
        Assert.InRange(answered.Count, Requests * 95 / 100, Requests);
        Assert.InRange(answered.Count(status => status < 300), Requests / 20, Requests); // not all are so odd that the first check stops them
        Assert.InRange(answered.Count(status => status is >= 400 and < 500), Requests / 4, Requests);
    }

    /// <summary>A run for operations that want one.</summary>
    static async Task<Guid> Run(HttpClient client)
    {
        using var body = new StringContent(JsonSerializer.Serialize(App.Body("What is odd?")), Encoding.UTF8, "application/json");
        using var queued = await client.PostAsync(new Uri("/runs", UriKind.Relative), body);
        return JsonSerializer.Deserialize<JsonElement>(await queued.Content.ReadAsStringAsync()).GetProperty("id").GetGuid();
    }

    /// <summary>The status; null when there was no answer in time.</summary>
    static async Task<int?> Send(HttpClient client, OddRequest odd, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(new(odd.Method), odd.Url);
        if (odd.Body is { } body) request.Content = new ByteArrayContent(body);
        if (odd.Body is not null && odd.ContentType is { } type) request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (odd.Key is { } key) request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        try
        {
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            return (int)answer.StatusCode;
        }
        catch (TaskCanceledException) when (!ct.IsCancellationRequested)
        {
            return null;
        }
    }
}
