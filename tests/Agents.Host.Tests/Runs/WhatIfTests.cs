using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Audit;

namespace Agents.Host.Tests.Runs;

/// <summary>Runs that are gone through otherwise, over HTTP.</summary>
public sealed class WhatIfTests(Branches branches) : IClassFixture<Branches>
{
    const decimal Call = 0.00021m; // of the scripted model

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    readonly App app = branches.App;

    [Fact]
    public async Task A_whatif_takes_over_recorded_results_calls_no_tool_and_pays_for_its_own_calls_only()
    {
        const string Question = "What if the letter had been written otherwise?";
        app.Model.Says(Question, ("send_letter", new { to = "ada" }), "Sent to Ada [1].", ("send_letter", new { to = "ada" }), "It went to Ada.");
        var origin = await app.Queue(Question, "clerk", new { budgetUsd = 0.5 });
        await app.Finished(origin);
        var (before, sent) = ((await app.Facts(origin)).Count, SendLetter.Sent.Count(letter => letter.Key.StartsWith($"{origin}", StringComparison.Ordinal)));
        Assert.Equal(1, sent);

        var request = new { runs = new[] { origin }, model = ScriptedModel.Priced, instructions = "Do it briefly.", budgetUsd = 0.5, reason = "briefly" };
        var estimate = await app.Post("/whatifs/estimate", request, 200);
        Assert.Equal((1, 2 * Call, 0m, 0m), (estimate.GetProperty("runs").GetInt32(), estimate.GetProperty("estimatedUsd").GetDecimal(),
            estimate.GetProperty("newSpendUsd").GetDecimal(), estimate.GetProperty("inheritedSpendUsd").GetDecimal()));
        var url = (await app.Post("/whatifs", request, 202, key: "whatif-1")).GetProperty("url").GetString()!;
        Assert.Equal(url, (await app.Post("/whatifs", request, 202, key: "whatif-1")).GetProperty("url").GetString());
        await app.Post("/whatifs", request with { budgetUsd = 0.25 }, 422, key: "whatif-1");
        await Finished(url);

        var pair = (await app.Get($"{url}/pairs")).GetProperty("items")[0];
        var fork = pair.GetProperty("run").GetGuid();
        Assert.Equal(("It went to Ada.", 2 * Call, 2 * Call), (pair.GetProperty("answer").GetString(), pair.GetProperty("newSpendUsd").GetDecimal(),
            pair.GetProperty("originSpendUsd").GetDecimal()));
        Assert.DoesNotContain(SendLetter.Sent.Keys, letter => letter.StartsWith($"{fork}", StringComparison.Ordinal));
        var facts = await app.Facts(fork);
        Assert.Equal("sent", facts.OfType<ToolCallCompleted>().Single().Result.Trim('"'));
        Assert.Empty(facts.OfType<ToolCallStarted>());
        Assert.True(facts.OfType<RunQueued>().Single().RecordedTools);
        Assert.Equal("Do it briefly.", app.Model.Asked(Question)[2][0].Text);
        Assert.Equal(before, (await app.Facts(origin)).Count);
        Assert.Equal(fork, await app.Scalar<Guid>("select root_run_id from agents.run_summary where run_id = $1", fork));

        var replay = await app.Post($"/runs/{fork}/replay", new { }, 200);
        Assert.True(replay.GetProperty("isIdentical").GetBoolean(), replay.ToString());
        var compared = await app.Get($"/runs/compare?a={origin}&b={fork}");
        Assert.Equal(0m, compared.GetProperty("costUsd").GetDecimal());
        Assert.Equal(["Sent to Ada [1]."], compared.GetProperty("difference").GetProperty("onlyInFirst").EnumerateArray().Select(claim => claim.GetString()));
        await app.Post($"/runs/{origin}/fork", new { }, 202); // its own budget is whole
        var report = (await Verification.Run(branches.Connection, null, null, Cancellation))!;
        Assert.Empty(report.Invariants.Where(one => one.Id is "I7" or "I14" or "I15").SelectMany(one => one.Shown));
    }

    [Fact]
    public async Task A_call_that_was_never_made_fails_unless_tools_are_live()
    {
        const string Question = "What if other numbers were added?";
        app.Model.Says(Question, ("add", new { left = "1", right = "2" }), "It is 3.");
        var origin = await app.Queue(Question, "clerk");
        await app.Finished(origin);

        foreach (var tools in new[] { "recorded", "live" })
        {
            app.Model.Says(Question, ("add", new { left = "2", right = "2" }), "It is what it is.");
            var url = (await app.Post("/whatifs", new { runs = new[] { origin }, instructions = $"Add, {tools}.", tools, budgetUsd = 1 }, 202))
                .GetProperty("url").GetString()!;
            await Finished(url);
            var fork = (await app.Get($"{url}/pairs")).GetProperty("items")[0].GetProperty("run").GetGuid();
            var facts = await app.Facts(fork);
            if (tools == "live") Assert.Equal("4", facts.OfType<ToolCallCompleted>().Single().Result.Trim('"'));
            else Assert.Contains("No result of add", facts.OfType<ToolCallFailed>().Single().Failure.Message, StringComparison.Ordinal);
            Assert.Equal(tools, (await app.Get(url)).GetProperty("tools").GetString());
        }
    }

    [Fact]
    public async Task A_fork_of_a_whatif_calls_tools_and_waits_for_the_approval_that_the_whatif_did_not_need()
    {
        const string Question = "What if the contract were shredded?";
        app.Model.Says(Question, ("shred", new { document = "contract" }), "Gone.", ("shred", new { document = "contract" }), "It is gone.");
        var origin = await app.Queue(Question, "clerk");
        await app.Until(origin, facts => facts.OfType<ToolCallRequested>().Any());
        await app.Post($"/runs/{origin}/tool-calls/c0001t001/approve", null, 200);
        await app.Finished(origin);

        var url = (await app.Post("/whatifs", new { runs = new[] { origin }, instructions = "Shred it.", budgetUsd = 1 }, 202)).GetProperty("url").GetString()!;
        await Finished(url);
        var recorded = (await app.Get($"{url}/pairs")).GetProperty("items")[0].GetProperty("run").GetGuid();
        var facts = await app.Facts(recorded);
        Assert.False(facts.OfType<ToolCallRequested>().Single().NeedsApproval);
        Assert.Single(facts.OfType<ToolCallCompleted>());
        Assert.True((await app.Post($"/runs/{recorded}/replay", new { }, 200)).GetProperty("isIdentical").GetBoolean());

        app.Model.Says(Question, ("shred", new { document = "contract" }), "It is gone at last.");
        var begun = facts.Index().First(fact => fact.Item is StepStarted or StateInherited).Index + 1;
        var early = (await app.Post($"/runs/{recorded}/fork", new { version = begun }, 202)).GetProperty("id").GetGuid();
        await app.Until(early, facts => facts.OfType<ToolCallRequested>().Any());
        var asked = (await app.Facts(early)).OfType<ToolCallRequested>().Single();
        Assert.True(asked.NeedsApproval);
        Assert.Empty((await app.Facts(early)).OfType<ToolCallStarted>());
        await app.Post($"/runs/{early}/cancel", null, 200);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_person_said_about_a_call_in_doubt_is_the_recorded_result(bool hadEffect)
    {
        var question = $"What if the archive were written to, {hadEffect}?";
        app.Model.Says(question, ("send_letter", new { to = "the archive" }), "I have looked.", ("send_letter", new { to = "the archive" }), "So be it.");
        var origin = await app.Queue(question, "clerk");
        await app.Until(origin, facts => facts.OfType<RunParked>().Any());
        object said = hadEffect ? new { result = "it is in the archive" } : new { failed = "the archive is shut" };
        await app.Post($"/runs/{origin}/tool-calls/c0001t001/resolve", said, 200);
        await app.Finished(origin);

        var url = (await app.Post("/whatifs", new { runs = new[] { origin }, instructions = "Write.", budgetUsd = 1 }, 202)).GetProperty("url").GetString()!;
        await Finished(url);

        var facts = await app.Facts((await app.Get($"{url}/pairs")).GetProperty("items")[0].GetProperty("run").GetGuid());
        Assert.Empty(facts.OfType<ToolCallStarted>());
        if (hadEffect) Assert.Equal("it is in the archive", facts.OfType<ToolCallCompleted>().Single().Result);
        else Assert.Equal(new(FailureKind.ToolError, "the archive is shut"), facts.OfType<ToolCallFailed>().Single().Failure);
    }

    [Fact]
    public async Task All_share_one_budget_park_when_it_is_spent_and_go_on_when_it_is_raised()
    {
        var origins = new List<Guid>();
        for (var number = 0; number < 4; number++)
        {
            app.Model.Says($"What if it cost money, {number}?", "Then.", "Now.");
            origins.Add(await app.Queue($"What if it cost money, {number}?", "miser"));
        }

        foreach (var origin in origins) await app.Finished(origin);

        var whatIf = await app.Post("/whatifs", new { runs = origins, model = ScriptedModel.Priced, budgetUsd = 0.0012 }, 202);
        var url = whatIf.GetProperty("url").GetString()!;
        var id = whatIf.GetProperty("id").GetGuid();
        await App.Until("the budget is spent", async () => (await app.Get(url)) is var seen
            && seen.GetProperty("done").GetInt32() + seen.GetProperty("stopped").GetInt32() == 4);

        var spent = await app.Get(url);
        Assert.True(spent.GetProperty("stopped").GetInt32() > 0, spent.ToString());
        Assert.InRange(spent.GetProperty("newSpendUsd").GetDecimal(), 0, 0.0012m);
        Assert.False(spent.GetProperty("isFinished").GetBoolean());
        Assert.DoesNotContain(
            (await app.Get("/budgets")).GetProperty("items").EnumerateArray(), budget => budget.GetProperty("scope").GetString() == "batch");
        await app.Post($"/budgets/batch/{id}/raise", new { byUsd = 1 }, 200);
        await Finished(url);

        var done = await app.Get(url);
        var ledger = await app.Scalar<decimal>(
            "select sum(c.cost_usd) from finance.model_call c join agents.run_summary r using (tenant_id, run_id) where r.batch_id = $1", id);
        Assert.Equal((4 * Call, 4 * Call, 1.0012m), (ledger, done.GetProperty("newSpendUsd").GetDecimal(), done.GetProperty("budgetUsd").GetDecimal()));
        var verdict = done.GetProperty("verdict");
        Assert.Equal((4, 0, 4, 0m), (verdict.GetProperty("pairs").GetInt32(), verdict.GetProperty("sameClaims").GetInt32(),
            verdict.GetProperty("sameCitations").GetInt32(), verdict.GetProperty("costUsd").GetProperty("mean").GetDecimal()));
        Assert.Equal("Unknown period", (await app.Get($"/budgets/batch/{id}?period=day", 400)).GetProperty("title").GetString());
        await app.Post($"/budgets/batch/{id.ToString().ToUpperInvariant()}/raise", new { byUsd = 1 }, 200);
        Assert.Equal(4 * Call, (await app.Get($"/budgets/batch/{id}")).GetProperty("budget").GetProperty("spentUsd").GetDecimal());
    }

    [Fact]
    public async Task A_finished_run_can_be_forked_at_every_version()
    {
        const string Question = "What does a permit for parking cost a month?";
        var origin = await app.Queue(Question, "research", new { metadata = new { sources = "handbook.md" } });
        var answer = (await app.Finished(origin)).GetProperty("answer").GetString();
        var versions = (await app.Facts(origin)).Count;

        var forks = new List<Guid>();
        for (var version = 1; version <= versions; version++)
            forks.Add((await app.Post($"/runs/{origin}/fork", new { version }, 202)).GetProperty("id").GetGuid());

        foreach (var fork in forks)
        {
            Assert.Equal(answer, (await app.Finished(fork)).GetProperty("answer").GetString());
            Assert.True((await app.Post($"/runs/{fork}/replay", new { }, 200)).GetProperty("isIdentical").GetBoolean());
        }
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused()
    {
        app.Model.Says("Whom can I refuse?", "Nobody.");
        var origin = await app.Queue("Whom can I refuse?", "talker");
        await app.Finished(origin);
        var runs = new[] { origin };

        await Refused("Bad budgetUsd", new { runs, model = "offline-extractive-1" });
        await Refused("Bad runs", new { runs = Array.Empty<Guid>(), model = "m", budgetUsd = 1 });
        await Refused("Named and looked for", new { runs, agent = "talker", model = "m", budgetUsd = 1 });
        await Refused("Bad model", new { runs, model = " ", budgetUsd = 1 });
        await Refused("Bad limit", new { limit = 1001, model = "m", budgetUsd = 1 });
        await Refused("Unknown status", new { status = "lost", model = "m", budgetUsd = 1 });
        Assert.Contains("No price", await Refused("Nothing was queued", new { runs, model = "of-no-price", budgetUsd = 1 }), StringComparison.Ordinal);
        Assert.Contains("no step nowhere", await Refused("Nothing was queued", new { runs, from = "nowhere", budgetUsd = 1 }), StringComparison.Ordinal);
        Assert.Contains("Unknown run", await Refused("Nothing was queued", new { runs = new[] { Guid.NewGuid() }, budgetUsd = 1 }), StringComparison.Ordinal);
        await app.Post("/whatifs", new { agent = "nobody", model = "offline-extractive-1", budgetUsd = 1 }, 404);
        await app.Get($"/whatifs/{Guid.NewGuid()}", 404);
        await app.Get($"/whatifs/{Guid.NewGuid()}/pairs", 404);
        Assert.Equal("Name two runs", (await app.Get($"/runs/compare?a={origin}", 400)).GetProperty("title").GetString());
        await app.Get($"/runs/compare?a={origin}&b={Guid.NewGuid()}", 404);
    }

    async Task<string> Refused(string title, object body)
    {
        var refusal = await app.Post("/whatifs", body, 400);
        Assert.Equal(title, refusal.GetProperty("title").GetString());
        return refusal.GetProperty("detail").GetString()!;
    }

    Task Finished(string url) => App.Until("the what-if is finished", async () => (await app.Get(url)).GetProperty("isFinished").GetBoolean());
}
