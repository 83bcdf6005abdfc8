namespace Agents.Host.Tests.Runs;

public sealed class QueueRunTests(App app)
{
    [Fact]
    public async Task A_run_is_accepted_with_a_link_to_it()
    {
        var result = await app.Host.Scenario(call =>
        {
            call.Post.Json(App.Body("Where is it?", agent: "counter")).ToUrl("/runs");
            call.StatusCodeShouldBe(202);
        });

        var location = result.Context.Response.Headers.Location.ToString();
        Assert.StartsWith("/runs/", location);
        Assert.Equal("Where is it?", (await app.Get(location)).GetProperty("question").GetString());
    }

    [Fact]
    public async Task The_same_key_a_hundred_times_at_once_is_one_run()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => app.Queue("Once, please.", agent: "counter", key: "once")));

        Assert.Single(ids.Distinct());
        Assert.Equal(1L, await app.Scalar<long>("select count(*) from agents.run_summary where question = 'Once, please.'"));
    }

    [Fact]
    public async Task More_keys_at_once_than_there_are_connections_are_as_many_runs()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 150).Select(n => app.Queue("Each, please.", agent: "counter", key: $"each-{n}")));

        Assert.Equal(150, ids.Distinct().Count());
    }

    [Fact]
    public async Task The_same_key_with_another_request_is_refused()
    {
        await app.Queue("The first.", agent: "counter", key: "taken");

        var problem = await app.Post("/runs", App.Body("The second.", agent: "counter"), 422, key: "taken");
        Assert.Contains("new key", problem.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData(null, 5)]
    [InlineData("low", 2)]
    [InlineData("urgent", 9)]
    [InlineData(0, 0)]
    public async Task A_priority_is_a_number_or_a_name(object? priority, int stored)
    {
        var id = await app.Queue($"How urgent is {priority}?", agent: "counter", more: new { priority });

        Assert.Equal(stored, (await app.Get($"/runs/{id}")).GetProperty("priority").GetInt32());
    }

    [Fact]
    public async Task Runs_are_listed_newest_first_page_by_page()
    {
        var ids = new List<Guid>();
        for (var n = 0; n < 5; n++) ids.Add(await app.Queue($"Listed {n}", agent: "counter"));
        foreach (var id in ids) await app.Finished(id);

        var (seen, cursor) = (new List<Guid>(), "");
        do
        {
            var page = await app.Get($"/runs?status=completed&agent=counter&limit=2{cursor}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(run => run.GetProperty("id").GetGuid()));
            cursor = page.GetProperty("next").GetString() is { } next ? $"&cursor={next}" : null;
        }
        while (cursor is not null && seen.Count < 1000);

        Assert.Equal(seen.Distinct().Count(), seen.Count);
        Assert.Equal(Enumerable.Reverse(ids), seen.Where(ids.Contains));
    }

    [Fact]
    public async Task Facts_come_page_by_page_without_gaps()
    {
        var id = await app.Queue("Page me.", agent: "counter");
        await app.Finished(id);

        var versions = new List<long>();
        for (string? next = "0"; next is not null;)
        {
            var page = await app.Get($"/runs/{id}/events?after={next}&limit=4");
            versions.AddRange(page.GetProperty("items").EnumerateArray().Select(fact => fact.GetProperty("version").GetInt64()));
            next = page.GetProperty("next").GetString();
        }

        Assert.Equal((await app.Stored(id)).Select(fact => fact.Version), versions);
        await app.Get($"/runs/{id}/events?limit=0", 400);
        await app.Get($"/runs/{id}/events?after=-1", 400);
    }

    [Fact]
    public async Task The_timeline_shows_what_happened_in_order()
    {
        var id = await app.Queue("Show me the timeline of parking.");
        await app.Finished(id);

        var rows = (await app.Get($"/runs/{id}/timeline")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal("run_queued", rows[0].GetProperty("type").GetString());
        Assert.Equal("run_completed", rows[^1].GetProperty("type").GetString());
        Assert.Equal(rows.OrderBy(row => row.GetProperty("version").GetInt64()), rows);
        var call = rows.First(row => row.GetProperty("type").GetString() == "model_call_completed");
        var completed = (await app.Facts(id)).OfType<Domain.Runs.ModelCallCompleted>().First();
        Assert.True(completed.Latency > TimeSpan.Zero);
        Assert.Equal(completed.Latency.TotalMilliseconds, call.GetProperty("durationMs").GetDouble(), tolerance: 0.001);
        Assert.Equal(completed.Usage!.TotalInput(), call.GetProperty("inputTokens").GetInt64());
    }
}
