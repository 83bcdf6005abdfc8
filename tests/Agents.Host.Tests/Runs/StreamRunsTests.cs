using System.Net.ServerSentEvents;
using System.Text.Json;

namespace Agents.Host.Tests.Runs;

public sealed class StreamRunsTests(App app)
{
    [Fact]
    public async Task All_runs_come_in_one_stream_by_agent_and_a_reader_goes_on_where_it_was()
    {
        var begun = new TaskCompletionSource<string?>();
        Guid counted = default;
        var live = Task.Run(() => Read("/stream?agent=counter", null, facts => counted != default && IsWhole(facts, counted), begun));
        var start = await begun.Task;
        var other = await app.Queue("Not for the stream of counters.");
        counted = await app.Queue("Count to three on the stream.", "counter");
        await app.Finished(other);

        var facts = await live;
        var log = (await app.Get($"/runs/{counted}/events")).GetProperty("items").EnumerateArray()
            .Select(item => item.GetProperty("version").GetInt64());
        Assert.Equal(log, Versions(facts, counted));
        Assert.All(facts, fact => Assert.Equal("counter", fact.GetProperty("agent").GetString()));

        var again = await Read("/stream", start, facts => IsWhole(facts, counted) && IsWhole(facts, other));
        Assert.Equal(log, Versions(again, counted));
    }

    [Fact]
    public async Task The_stream_keeps_to_a_status()
    {
        var begun = new TaskCompletionSource<string?>();
        Guid run = default;
        var live = Task.Run(() => Read(
            "/stream?status=completed,failed", null, facts => facts.Any(fact => fact.GetProperty("runId").GetGuid() == run && IsLast(fact)), begun));
        await begun.Task;
        run = await app.Queue("Which status does the stream keep to?");

        Assert.All(await live, fact => Assert.Contains(fact.GetProperty("status").GetString(), new[] { "completed", "failed" }));
    }

    [Theory]
    [InlineData("?status=lost", "Unknown status")]
    [InlineData("?after=-1", "Bad after")]
    public async Task A_stream_that_cannot_be_is_refused_with_the_reason(string query, string title) =>
        Assert.Equal(title, (await app.Get($"/stream{query}", 400)).GetProperty("title").GetString());

    static bool IsWhole(List<JsonElement> facts, Guid run) => facts.Any(fact => fact.GetProperty("runId").GetGuid() == run && IsLast(fact));

    static bool IsLast(JsonElement fact) => fact.GetProperty("type").GetString() is "run_completed";

    /// <summary>Each once: what comes again is passed over, as the documentation says.</summary>
    static IEnumerable<long> Versions(List<JsonElement> facts, Guid run) =>
        facts.Where(fact => fact.GetProperty("runId").GetGuid() == run).Select(fact => fact.GetProperty("version").GetInt64()).Distinct().Order();

    async Task<List<JsonElement>> Read(string url, string? last, Func<List<JsonElement>, bool> isEnough, TaskCompletionSource<string?>? begun = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var client = app.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        await using var body = await answer.Content.ReadAsStreamAsync(patience.Token);
        if (begun is not null)
        {
            var first = new byte[1];
            var head = "";
            while (!head.Contains("id: ", StringComparison.Ordinal) || !head.EndsWith('\n'))
            {
                await body.ReadExactlyAsync(first, patience.Token);
                head += (char)first[0];
            }

            begun.SetResult(head[(head.IndexOf("id: ", StringComparison.Ordinal) + 4)..].Trim());
        }

        var facts = new List<JsonElement>();
        await foreach (var frame in SseParser.Create(body).EnumerateAsync(patience.Token))
        {
            facts.Add(JsonSerializer.Deserialize<JsonElement>(frame.Data));
            if (isEnough(facts)) break;
        }

        return facts;
    }
}
