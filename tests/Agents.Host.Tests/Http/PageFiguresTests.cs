namespace Agents.Host.Tests.Http;

/// <summary>What the pages ask for besides what was there: who the caller is, how many runs there are, costs by the hour, what is chained.</summary>
public sealed class PageFiguresTests(App app)
{
    [Fact]
    public async Task The_caller_is_told_who_it_is_and_what_it_may_do()
    {
        var me = await app.Get("/me");

        Assert.Equal("default", me.GetProperty("tenant").GetString());
        Assert.Equal("platform", me.GetProperty("role").GetString());
        Assert.Contains("operate", me.GetProperty("permissions").EnumerateArray().Select(one => one.GetString()));
        Assert.DoesNotContain("known", me.GetProperty("permissions").EnumerateArray().Select(one => one.GetString()));
    }

    [Fact]
    public async Task Runs_are_counted_by_status()
    {
        var before = (await app.Get("/runs/counts")).GetProperty("completed").GetInt64();
        await app.Finished(await app.Queue("How many are there?", "counter"));

        var counts = await app.Get("/runs/counts");

        Assert.True(counts.GetProperty("completed").GetInt64() > before);
        Assert.Equal(7, counts.EnumerateObject().Count());
    }

    [Fact]
    public async Task Costs_of_the_last_hours_are_those_of_the_ledger()
    {
        app.Model.Says("What does an hour cost?", "A little.");
        await app.Finished(await app.Queue("What does an hour cost?", "talker"));

        var hours = (await app.Get("/costs/hours?hours=2&by=agent")).GetProperty("items").EnumerateArray()
            .Where(hour => hour.GetProperty("key").GetString() == "talker").ToList();

        Assert.True(hours.Count > 0);
        Assert.True(hours.Sum(hour => hour.GetProperty("costUsd").GetDecimal()) > 0);
        Assert.Equal("Bad hours", (await app.Get("/costs/hours?hours=0", 400)).GetProperty("title").GetString());
        Assert.Equal("Bad by", (await app.Get("/costs/hours?by=colour", 400)).GetProperty("title").GetString());
    }

    [Fact]
    public async Task Every_run_has_a_hash_chain()
    {
        await app.Finished(await app.Queue("Is this chained?", "counter"));

        var evidence = await app.Get("/evidence");

        Assert.True(evidence.GetProperty("chains").GetInt64() > 0);
        Assert.InRange(evidence.GetProperty("uncovered").GetInt64(), 0, evidence.GetProperty("chains").GetInt64());
    }
}
