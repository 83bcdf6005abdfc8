using System.Net.Http.Json;
using System.Text.Json;
using Agents.Crash.Tests.Scenarios;
using Agents.Host.Audit;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests;

/// <summary>kill -9 of the only server between a run and one that it starts: both go on, and there is one of each.</summary>
public sealed class ChildKillTests
{
    const string Said = "The answer of the one below.";

    [Theory]
    [InlineData("before-outcome-commit:1:kill")] // the model has asked for it: paid, not stored
    [InlineData("reply-complete:2:kill")] // the wish is known, nothing of the child is stored
    [InlineData("before-outcome-commit:2:kill")] // the child is queued in a transaction that does not commit
    [InlineData("before-start-commit:2:kill")] // the child is queued, the parent has given its slot back
    [InlineData("reply-complete:3:kill")] // the child's model has answered
    [InlineData("before-outcome-commit:3:kill")] // the child ends in a transaction that does not commit
    [InlineData("msg-received:4:kill")] // the child has ended, the parent is to look
    [InlineData("before-outcome-commit:4:kill")] // the parent has looked, and has not stored what it saw
    public async Task A_server_killed_between_a_run_and_one_that_it_starts_goes_on_with_both(string fault)
    {
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(request => !request.Body.Contains("\"subagent\"", StringComparison.Ordinal) ? FakeReply.Answer(Said, new(1000, 100))
            : request.Body.Contains(Said, StringComparison.Ordinal) ? FakeReply.Answer("So it is.", new(1000, 100))
            : FakeReply.Calls(
                new FakeToolCall("subagent", JsonSerializer.Serialize(new { agent = AddedAgents.Handy, question = "What do you say?" }))));
        var connection = await TestDatabase.CreatePrepared();
        var added = (AddedAgents.Variable, AddedAgents.Name);

        Guid id;
        await using (var first = await ServerProcess.Start(connection, provider.Address, added, ("AGENTS_FAULT", fault)))
        {
            id = await first.Runs.Queue("What does the one below say?", AddedAgents.Delegating);
            await first.Died();
        }

        await using var second = await ServerHere.Start(connection, provider.Address);
        var run = await second.Runs.Finished(id);
        var facts = await second.Runs.Facts(id);

        Assert.Equal(("completed", "So it is."), (run.GetProperty("status").GetString(), run.GetProperty("answer").GetString()));
        var children = await second.Client.GetFromJsonAsync<JsonElement>($"/runs/{id}/children");
        var child = Assert.Single(children.GetProperty("items").EnumerateArray());
        Assert.Equal(
            child.GetProperty("id").GetGuid(), Assert.Single(facts, fact => fact.Type == "child_run_started").Data.GetProperty("child").GetGuid());
        Assert.Equal(Said, Assert.Single(facts, fact => fact.Type == "tool_call_completed").Data.GetProperty("result").GetString());
        Assert.Equal("completed", child.GetProperty("status").GetString());
        Assert.Single(await second.Runs.Facts(child.GetProperty("id").GetGuid()), fact => fact.Type == "model_call_completed");
        var report = await Reconciliation.Run(connection, ledger: null, tenant: null, CancellationToken.None);
        Assert.All(report!.Invariants, invariant => Assert.Empty(invariant.Shown));
        var verified = await Verification.Run(connection, null, tenant: null, CancellationToken.None);
        Assert.All(verified!.Invariants, invariant => Assert.Empty(invariant.Shown));
    }
}
