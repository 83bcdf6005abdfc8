using Agents.Domain.Runs;
using Agents.Host.Audit;

namespace Agents.Host.Tests.Runs;

/// <summary>Runs as they were: state at a version, what changed, what was sent, and decisions derived again. Nothing of it buys anything.</summary>
public sealed class PastRunTests(Branches branches) : IClassFixture<Branches>
{
    readonly App app = branches.App;

    /// <summary>A run of the clerk: asks for a tool, then answers.</summary>
    async Task<Guid> Done(string question)
    {
        app.Model.Says(question, ("add", new { left = "1", right = "2" }), "It is 3.");
        var id = await app.Queue(question, "clerk");
        Assert.Equal("completed", (await app.Finished(id)).GetProperty("status").GetString());
        return id;
    }

    [Fact]
    public async Task The_state_at_each_version_is_what_the_facts_until_then_make()
    {
        var id = await Done("What was it at each version?");
        var facts = await app.Facts(id);

        for (var version = 1; version <= facts.Count; version++)
        {
            var state = await app.Get($"/runs/{id}/state?version={version}");
            var folded = facts.Take(version).Aggregate(Run.Before(id), Run.Evolve);
            Assert.Equal(
                (version, folded.Status.ToString().ToLowerInvariant(), folded.Step, folded.CostUsd, folded.ModelCalls),
                (state.GetProperty("version").GetInt32(), state.GetProperty("status").GetString(), state.GetProperty("step").GetInt32(),
                    state.GetProperty("costUsd").GetDecimal(), state.GetProperty("modelCalls").GetInt32()));
            Assert.Equal(0, state.GetProperty("newSpendUsd").GetDecimal());
            Assert.Equal(folded.CostUsd, state.GetProperty("inheritedSpendUsd").GetDecimal());
        }

        Assert.Equal(facts.Count, (await app.Get($"/runs/{id}/state")).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task The_state_at_a_time_is_that_of_the_last_fact_by_then()
    {
        var id = await Done("What was it then?");
        var stored = await app.Stored(id);
        var (first, last) = (stored[0].Timestamp, stored[^1].Timestamp);

        async Task<int> VersionAt(DateTimeOffset at) =>
            (await app.Get($"/runs/{id}/state?at={Uri.EscapeDataString(at.ToString("O"))}")).GetProperty("version").GetInt32();
        Assert.Equal(stored.Count(fact => fact.Timestamp <= first), await VersionAt(first));
        Assert.Equal(stored.Count, await VersionAt(last.AddHours(1)));
        await app.Get($"/runs/{id}/state?at={Uri.EscapeDataString(first.AddHours(-1).ToString("O"))}", 404);
    }

    [Fact]
    public async Task The_prompt_of_a_call_is_what_the_model_was_sent_and_its_hash_proves_it()
    {
        const string Question = "What was I told?";
        var id = await Done(Question);

        var prompt = await app.Get($"/runs/{id}/calls/2/prompt");

        Assert.True(prompt.GetProperty("isAsSent").GetBoolean());
        Assert.Equal(prompt.GetProperty("storedHash").GetString(), prompt.GetProperty("requestHash").GetString());
        Assert.Equal(
            app.Model.Asked(Question)[1].Select(message => message.Role.Value),
            prompt.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        Assert.Contains(prompt.GetProperty("messages").EnumerateArray(), message => message.GetProperty("text").GetString() == Question);
        Assert.Contains("add", prompt.GetProperty("tools").EnumerateArray().Select(tool => tool.GetString()));
        await app.Get($"/runs/{id}/calls/3/prompt", 404);
        await app.Get($"/runs/{id}/calls/1/prompt?attempt=2", 404);
        await app.Get($"/runs/{id}/calls/0/prompt", 400);
    }

    [Fact]
    public async Task A_difference_is_a_patch_a_reading_and_the_facts_that_made_it()
    {
        var id = await Done("What changed?");
        var facts = await app.Facts(id);

        var diff = await app.Get($"/runs/{id}/diff?from=1&to={facts.Count}");

        Assert.Contains(diff.GetProperty("patch").EnumerateArray(), change => change.GetProperty("op").GetString() == "replace"
            && change.GetProperty("path").GetString() == "/status" && change.GetProperty("value").GetString() == "completed");
        Assert.Contains("status was \"queued\" and is \"completed\"", diff.GetProperty("reading").EnumerateArray().Select(line => line.GetString()));
        Assert.Equal(facts.Count - 1, diff.GetProperty("facts").GetArrayLength());
        Assert.Empty((await app.Get($"/runs/{id}/diff?from=2&to=2")).GetProperty("patch").EnumerateArray());
        await app.Get($"/runs/{id}/diff?from=0", 400);
        Assert.Equal(facts.Count, (await app.Get($"/runs/{id}/diff")).GetProperty("to").GetInt32());
        await app.Get($"/runs/{id}/diff?from=2&to={facts.Count + 1}", 404);
    }

    [Fact]
    public async Task A_replay_derives_every_decision_again_and_asks_no_model()
    {
        const string Question = "Would you decide so again?";
        var id = await Done(Question);
        var (facts, asked) = (await app.Facts(id), app.Model.Asked(Question).Count);

        var replay = await app.Post($"/runs/{id}/replay", null, 200);

        Assert.True(replay.GetProperty("isIdentical").GetBoolean());
        Assert.Equal((facts.Count, 0m), (replay.GetProperty("facts").GetInt32(), replay.GetProperty("newSpendUsd").GetDecimal()));
        Assert.Equal((asked, facts.Count), (app.Model.Asked(Question).Count, (await app.Facts(id)).Count));
        await app.Post($"/runs/{Guid.CreateVersion7()}/replay", null, 404);
    }

    [Fact]
    public async Task A_fork_is_replayed_with_the_state_it_began_with_and_its_prompts_are_proven()
    {
        const string Question = "And again in a fork?";
        var id = await Done(Question);
        app.Model.Says(Question, ("add", new { left = "1", right = "2" }), "It is 3.", "It is 3, still.");
        var fork = (await app.Post($"/runs/{id}/fork", new { reason = "again" }, 202)).GetProperty("id").GetGuid();
        await app.Finished(fork);

        Assert.True((await app.Post($"/runs/{fork}/replay", null, 200)).GetProperty("isIdentical").GetBoolean());
        Assert.True((await app.Get($"/runs/{fork}/calls/2/prompt")).GetProperty("isAsSent").GetBoolean());
        var report = await DecisionCheck.Run(branches.Connection, tenant: null, since: null, TestContext.Current.CancellationToken);
        Assert.Empty(report!.Invariants.Single().Shown);
        Assert.True(report.Invariants.Single().Checked >= 2);
    }

    [Fact]
    public async Task A_definition_is_found_by_the_hash_that_a_run_keeps()
    {
        var id = await Done("Which definition?");
        var hash = (await app.Get($"/runs/{id}/state")).GetProperty("definitionHash").GetString();

        var definition = await app.Get($"/definitions/{hash}");

        Assert.Equal("clerk", definition.GetProperty("definition").GetProperty("Name").GetString());
        await app.Get("/definitions/0000", 404);
    }

    [Fact]
    public async Task What_is_asked_wrongly_is_refused_by_name()
    {
        var id = await Done("What is refused?");

        await app.Get($"/runs/{id}/state?version=0", 400);
        await app.Get($"/runs/{id}/state?version=1&at=2026-01-01T00:00:00Z", 400);
        await app.Get($"/runs/{id}/state?version=1000", 404);
        await app.Get($"/runs/{Guid.CreateVersion7()}/state", 404);
    }
}
