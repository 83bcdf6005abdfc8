using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Duties;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Schedules;

public sealed class ScheduleTests(App app)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Each_firing_has_exactly_one_run_however_many_fire()
    {
        var others = Enumerable.Range(0, 3).Select(_ => Another()).ToList();
        foreach (var other in others) await other.StartAsync(CancellationToken.None);
        await Create("every-second", "Fire every second.", overlap: "queue");

        var runs = await Until("every-second", schedule => schedule.GetProperty("runs").GetArrayLength() >= 4);
        await app.Post("/schedules/every-second/pause", null, 200);
        foreach (var other in others) await other.StopAsync(CancellationToken.None);

        var id = runs.GetProperty("schedule").GetProperty("id").GetGuid();
        var firings = await Firings("Fire every second.");
        Assert.All(firings, firing => Assert.Equal((id, 0), (firing.Schedule, firing.At!.Value.Millisecond)));
        Assert.Equal(firings.Count, firings.Distinct().Count());
        var seconds = firings.Select(firing => firing.At!.Value).Order().ToList();
        Assert.Equal(Enumerable.Range(0, seconds.Count).Select(n => seconds[0].AddSeconds(n)), seconds); // none is left out
        Assert.Equal(JsonValueKind.Null, (await app.Get("/schedules/every-second")).GetProperty("schedule").GetProperty("next").ValueKind);
        await Remove("every-second");
    }

    [Fact]
    public async Task A_firing_is_skipped_while_the_run_before_works()
    {
        const string Question = "Skip while I work.";
        var gate = new TaskCompletionSource();
        app.Model.Says(Question, gate.Task, "Done.");
        await Create("skips", Question, agent: "talker");

        await Until("skips", schedule => schedule.GetProperty("schedule").GetProperty("lastOutcome").GetString() == "skipped");
        Assert.Single(await Firings(Question));
        await Remove("skips");
        gate.SetResult();
    }

    [Fact]
    public async Task A_firing_cancels_the_run_before()
    {
        const string Question = "Cancel what works.";
        app.Model.Says(Question, [.. Enumerable.Range(0, 200).Select(_ => new TaskCompletionSource().Task)]);
        await Create("cancels", Question, agent: "talker", overlap: "cancel");

        await Until("cancels", schedule =>
            schedule.GetProperty("runs").EnumerateArray().Any(run => run.GetProperty("status").GetString() == "cancelled"));
        await Remove("cancels");
        foreach (var run in await Runs(Question))
            if ((await app.Get($"/runs/{run}")).GetProperty("finishedAt").ValueKind is JsonValueKind.Null)
                await app.Post($"/runs/{run}/cancel", null, 200);
    }

    [Fact]
    public async Task What_was_missed_is_made_up_for_once()
    {
        const string Question = "Missed.";
        await Create("missed", Question, cron: "0 * * * *");
        await app.Scalar<int>("update agents.schedule set next_at = date_trunc('hour', clock_timestamp()) - interval '5 hours' where name = 'missed' returning 1"); // no server ran
        await app.Post("/schedules/missed/run", null, 202); // by hand, beside it
        var other = Another();
        await other.StartAsync(CancellationToken.None);

        await Until("missed", schedule => schedule.GetProperty("schedule").GetProperty("last").ValueKind is not JsonValueKind.Null);
        await other.StopAsync(CancellationToken.None);
        var firings = await Firings(Question);
        Assert.InRange(firings.Count(firing => firing.At is not null), 0, 1); // none when the run by hand was still at work
        Assert.Single(firings, firing => firing.At is null);
        await Remove("missed");
    }

    [Fact]
    public async Task A_schedule_is_changed_paused_resumed_and_removed_and_who_did_so_is_kept()
    {
        await Create("managed", "Manage me.", cron: "0 3 * * *");
        await app.Post("/schedules", Body("managed", "Twice.", "0 3 * * *"), 409);
        var changed = await Put("managed", Body(null, "Manage me otherwise.", "0 4 * * *", zone: "Europe/Berlin"));
        Assert.Equal("Manage me otherwise.", changed.GetProperty("run").GetProperty("question").GetString());
        Assert.True((await app.Post("/schedules/managed/pause", null, 200)).GetProperty("paused").GetBoolean());
        Assert.False((await app.Post("/schedules/managed/resume", null, 200)).GetProperty("paused").GetBoolean());

        var details = await app.Get("/schedules/managed");
        Assert.Equal(["resumed", "paused", "changed", "created"],
            details.GetProperty("changes").EnumerateArray().Select(change => change.GetProperty("change").GetString()));
        Assert.Equal(5, details.GetProperty("upcoming").GetArrayLength());
        Assert.All(details.GetProperty("upcoming").EnumerateArray(), at => Assert.Matches(@"^\d{4}-\d\d-\d\dT04:00:00\+0[12]:00$", at.GetString()));
        Assert.Contains(
            "managed", (await app.Get("/schedules")).GetProperty("items").EnumerateArray().Select(one => one.GetProperty("name").GetString()));

        await Remove("managed");
        await app.Get("/schedules/managed", 404);
        await app.Post("/schedules/managed/run", null, 404);
    }

    [Theory]
    [InlineData("no name!", "0 3 * * *", "UTC", "Q?", "Bad name")]
    [InlineData("bad", "0 25 * * *", "UTC", "Q?", "Bad time")]
    [InlineData("bad", "0 3 * * *", "Mars/Base", "Q?", "Bad time")]
    [InlineData("bad", "0 0 30 2 *", "UTC", "Q?", "Never due")]
    [InlineData("bad", "0 3 * * *", "UTC", "", "Empty question")]
    public async Task A_schedule_that_makes_no_sense_is_refused(string name, string cron, string zone, string question, string title) =>
        Assert.Equal(title, (await app.Post("/schedules", Body(name, question, cron, zone: zone), 400)).GetProperty("title").GetString());

    [Fact]
    public void The_id_of_a_run_follows_from_its_firing()
    {
        var (schedule, at) = (Guid.CreateVersion7(), DateTimeOffset.UnixEpoch.AddDays(20_000));

        Assert.Equal(FireSchedules.RunIdOf(schedule, at), FireSchedules.RunIdOf(schedule, at));
        Assert.NotEqual(FireSchedules.RunIdOf(schedule, at), FireSchedules.RunIdOf(schedule, at.AddSeconds(1)));
        Assert.NotEqual(FireSchedules.RunIdOf(schedule, at), FireSchedules.RunIdOf(Guid.CreateVersion7(), at));
        Assert.Equal(Guid.CreateVersion7(at).ToString("N")[..13], FireSchedules.RunIdOf(schedule, at).ToString("N")[..13]); // time and version
    }

    /// <summary>What another node would do.</summary>
    DutyHost Another() =>
        ActivatorUtilities.CreateInstance<DutyHost>(
            app.Host.Services, (object)new IDuty[] { ActivatorUtilities.CreateInstance<FireSchedules>(app.Host.Services) });

    static object Body(string? name, string question, string cron, string agent = "counter", string overlap = "skip", string zone = "UTC") =>
        new { name, cron, timeZone = zone, overlap, run = new { agent, question } };

    Task<JsonElement> Create(string name, string question, string agent = "counter", string overlap = "skip", string cron = "* * * * * *") =>
        app.Post("/schedules", Body(name, question, cron, agent, overlap), 201);

    async Task<JsonElement> Put(string name, object body)
    {
        var result = await app.Host.Scenario(call =>
        {
            call.Put.Json(body).ToUrl($"/schedules/{name}");
            call.StatusCodeShouldBe(200);
        });
        return JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync());
    }

    async Task Remove(string name) => await app.Host.Scenario(call =>
    {
        call.Delete.Url($"/schedules/{name}");
        call.StatusCodeShouldBe(204);
    });

    async Task<JsonElement> Until(string name, Func<JsonElement, bool> fits)
    {
        var patience = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            var schedule = await app.Get($"/schedules/{name}");
            if (fits(schedule)) return schedule;
            if (patience.Elapsed > Patience) throw new TimeoutException(schedule.ToString());
            await Task.Delay(50);
        }
    }

    async Task<IReadOnlyList<Guid>> Runs(string question) =>
        await app.Scalar<Guid[]>("select coalesce(array_agg(run_id order by run_id), '{}') from agents.run_summary where question = $1", question);

    async Task<IReadOnlyList<Firing>> Firings(string question) =>
        [.. (await Task.WhenAll((await Runs(question)).Select(app.Facts))).Select(facts => ((RunQueued)facts[0]).Schedule!)];
}
