using System.Text.Json;
using Agents.Domain.Runs;

namespace Agents.Host.Tests.Batches;

public sealed class BatchTests(App app)
{
    [Fact]
    public async Task Good_items_are_queued_and_bad_ones_are_named_in_the_order_of_the_request()
    {
        var batch = await app.Post("/runs/batch", new
        {
            items = new object[]
            {
                new { agent = "counter", question = "Batched, first." },
                new { agent = "nobody", question = "Batched, second." },
                new { agent = "counter", question = "Batched, third.", priority = 9 },
                new { agent = "counter", question = "Batched, fourth.", colour = "red" },
                "Batched, fifth.",
                new { agent = "counter", question = "Batched, sixth.", threadId = "t" },
            },
        }, 202);

        var items = batch.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["queued", "refused", "queued", "refused", "refused", "refused"], items.Select(item => item.GetProperty("status").GetString()));
        Assert.Equal([0, 1, 2, 3, 4, 5], items.Select(item => item.GetProperty("index").GetInt32()));
        Assert.Equal((2, 4), (batch.GetProperty("queued").GetInt32(), batch.GetProperty("refused").GetInt32()));
        Assert.Equal("Unknown agent", items[1].GetProperty("problem").GetProperty("title").GetString());
        Assert.Equal("Malformed item", items[3].GetProperty("problem").GetProperty("title").GetString());

        var done = await Finished(batch);
        Assert.Equal(
            (2, 4, 6), (done.GetProperty("completed").GetInt32(), done.GetProperty("refused").GetInt32(), done.GetProperty("items").GetInt32()));
        Assert.True(done.GetProperty("finishedAt").GetDateTimeOffset() >= done.GetProperty("startedAt").GetDateTimeOffset());
        var first = (await app.Facts(items[0].GetProperty("runId").GetGuid())).OfType<RunQueued>().Single();
        Assert.Equal(batch.GetProperty("id").GetGuid(), first.Batch);

        var page = await app.Get($"{batch.GetProperty("url").GetString()}/items?limit=4");
        Assert.Equal(["completed", "refused", "completed", "refused"],
            page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("status").GetString()));
        Assert.Equal("Batched, third.", page.GetProperty("items")[2].GetProperty("question").GetString());
        var rest = await app.Get($"{batch.GetProperty("url").GetString()}/items?after={page.GetProperty("next").GetString()}");
        Assert.Equal([4, 5], rest.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("index").GetInt32()));
    }

    [Fact]
    public async Task Batches_are_listed_newest_first_page_by_page()
    {
        var ids = new List<Guid>();
        for (var batch = 0; batch < 3; batch++)
        {
            var queued = await app.Post("/runs/batch", new { items = new object[] { new { agent = "counter", question = $"Listed, {batch}." },
                new { agent = "nobody", question = "Listed?" } } }, 202);
            await Finished(queued);
            ids.Insert(0, queued.GetProperty("id").GetGuid());
        }

        var seen = new List<JsonElement>();
        for (var cursor = ""; cursor is not null && !ids.All(id => seen.Any(batch => batch.GetProperty("id").GetGuid() == id));)
        {
            var page = await app.Get($"/batches?limit=2{cursor}");
            Assert.InRange(page.GetProperty("items").GetArrayLength(), 1, 2);
            seen.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("next").GetString() is { } next ? $"&cursor={next}" : null;
        }

        var listed = seen.Select(batch => batch.GetProperty("id").GetGuid()).ToList();
        Assert.Equal(listed.OrderDescending(), listed);
        Assert.Equal(listed.Count, listed.Distinct().Count());
        Assert.Equal(ids, listed.Where(ids.Contains));
        var shown = seen.Single(batch => batch.GetProperty("id").GetGuid() == ids[0]);
        Assert.Equal((await app.Get($"/batches/{ids[0]}")).ToString(), shown.ToString());
        Assert.Equal((2, 1, 1, true), (shown.GetProperty("items").GetInt32(), shown.GetProperty("completed").GetInt32(),
            shown.GetProperty("refused").GetInt32(), shown.GetProperty("isFinished").GetBoolean()));
        Assert.Equal("Bad cursor", (await app.Get("/batches?cursor=x", 400)).GetProperty("title").GetString());
        Assert.Equal("Bad limit", (await app.Get("/batches?limit=101", 400)).GetProperty("title").GetString());
    }

    [Fact]
    public async Task The_same_key_is_the_same_batch_and_another_request_under_it_is_refused()
    {
        object Body(string question) => new { items = new object[] { new { agent = "counter", question }, new { agent = "nobody", question } } };
        var answers = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(_ => app.Post("/runs/batch", Body("Once in a batch."), 202, key: "batch-once")));

        Assert.Single(answers.Select(answer => answer.ToString()).Distinct());
        Assert.Equal(1L, await app.Scalar<long>("select count(*) from agents.run_summary where question = 'Once in a batch.'"));
        await app.Post("/runs/batch", Body("Another thing."), 422, key: "batch-once");
    }

    [Fact]
    public async Task An_items_own_key_is_one_run_however_it_comes()
    {
        var before = await app.Queue("Keyed.", agent: "counter", key: "item-1");

        var batch = await app.Post("/runs/batch", new
        {
            items = new object[]
            {
                new { agent = "counter", question = "Keyed.", idempotencyKey = "item-1" },
                new { agent = "counter", question = "Keyed too.", idempotencyKey = "item-2" },
                new { agent = "counter", question = "Keyed too.", idempotencyKey = "item-2" },
                new { agent = "counter", question = "Not the same.", idempotencyKey = "item-2" },
            },
        }, 202);

        var items = batch.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["repeated", "queued", "repeated", "refused"], items.Select(item => item.GetProperty("status").GetString()));
        Assert.Equal(before, items[0].GetProperty("runId").GetGuid());
        Assert.Equal(items[1].GetProperty("runId").GetGuid(), items[2].GetProperty("runId").GetGuid());
        Assert.Equal(422, items[3].GetProperty("problem").GetProperty("status").GetInt32());
        Assert.Equal(items[1].GetProperty("runId").GetGuid(), await app.Queue("Keyed too.", agent: "counter", key: "item-2"));
    }

    [Fact]
    public async Task All_or_nothing_refuses_all_for_one()
    {
        var items = new object[] { new { agent = "counter", question = "All of us." }, new { agent = "counter", question = "" } };

        var refused = await app.Post("/runs/batch", new { items, allOrNothing = true }, 400);
        Assert.Equal("Nothing was queued", refused.GetProperty("title").GetString());
        Assert.Equal(1, Assert.Single(refused.GetProperty("items").EnumerateArray()).GetProperty("index").GetInt32());
        Assert.Equal(0L, await app.Scalar<long>("select count(*) from agents.run_summary where question = 'All of us.'"));
        await app.Post("/runs/batch", new { items = new object[] { new { agent = "nobody", question = "Only bad ones." } } }, 400);
    }

    [Fact]
    public async Task A_thousand_runs_are_one_batch_and_are_cancelled_as_one()
    {
        var long_ = new string('x', 1500); // larger than other requests may be
        object Body(int count) => new { items = Enumerable.Range(0, count)
            .Select(n => new { agent = "counter", question = $"{n} {long_}", notBefore = DateTimeOffset.UtcNow.AddDays(30) }) };
        await app.Post("/runs/batch", Body(1001), 400);
        await app.Post("/runs/batch", new { items = Array.Empty<object>() }, 400);

        var batch = await app.Post("/runs/batch", Body(1000), 202);
        Assert.Equal(1000, (await Seen(batch)).GetProperty("queued").GetInt32());

        var cancelled = await app.Post($"{batch.GetProperty("url").GetString()}/cancel", null, 200);
        Assert.Equal(1000, cancelled.GetProperty("changed").GetArrayLength());
        var done = await Seen(batch);
        Assert.Equal((1000, true), (done.GetProperty("cancelled").GetInt32(), done.GetProperty("isFinished").GetBoolean()));
    }

    [Fact]
    public async Task Nobody_elses_batch_is_found()
    {
        await app.Get($"/batches/{Guid.CreateVersion7()}", 404);
        await app.Get($"/batches/{Guid.CreateVersion7()}/items", 404);
        await app.Post($"/batches/{Guid.CreateVersion7()}/cancel", null, 404);
    }

    Task<JsonElement> Seen(JsonElement batch) => app.Get(batch.GetProperty("url").GetString()!);

    async Task<JsonElement> Finished(JsonElement batch)
    {
        foreach (var item in batch.GetProperty("items").EnumerateArray())
            if (item.GetProperty("runId").ValueKind is JsonValueKind.String) await app.Finished(item.GetProperty("runId").GetGuid());
        var done = await Seen(batch);
        Assert.True(done.GetProperty("isFinished").GetBoolean());
        return done;
    }
}
