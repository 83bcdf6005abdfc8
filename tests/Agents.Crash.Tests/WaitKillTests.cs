using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Crash.Tests.Scenarios;
using Agents.Host.Audit;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests;

/// <summary>kill -9 of the only server while a run waits: the wait goes on, and ends once.</summary>
public sealed class WaitKillTests
{
    static readonly (string, string) Added = (AddedAgents.Variable, AddedAgents.Name);

    [Theory]
    [InlineData(0)] // the time comes when another server lives
    [InlineData(4)] // the time came while no server lived
    public async Task A_server_killed_while_a_run_waits_for_its_time_leaves_a_wait_that_ends_once(int secondsAway)
    {
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(_ => FakeReply.Answer("Awake.", new(1000, 100)));
        var connection = await TestDatabase.CreatePrepared();

        Guid id;
        await using (var first = await ServerProcess.Start(connection, provider.Address, Added))
        {
            id = await first.Runs.Queue("Who sleeps on?", AddedAgents.Napping);
            await first.Runs.Until(id, facts => facts[^1] == "wait_started");
            await first.Kill();
        }

        await Task.Delay(TimeSpan.FromSeconds(secondsAway), TestContext.Current.CancellationToken);
        await using var second = await ServerHere.Start(connection, provider.Address);
        var run = await second.Runs.Finished(id);
        var facts = await second.Runs.Facts(id);

        Assert.Equal(("completed", "Awake."), (run.GetProperty("status").GetString(), run.GetProperty("answer").GetString()));
        var (started, ended) = (
            Assert.Single(facts, fact => fact.Type == "wait_started"), Assert.Single(facts, fact => fact.Type == "wait_ended"));
        Assert.Equal("Time", ended.Data.GetProperty("by").GetString());
        Assert.True(ended.At - started.At >= TimeSpan.FromSeconds(3), $"It waited {ended.At - started.At}.");
        Assert.Single(provider.Requests);
        await AssertSound(connection);
    }

    [Fact]
    public async Task A_server_killed_while_a_run_waits_for_a_signal_leaves_a_wait_that_the_signal_ends()
    {
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(_ => FakeReply.Answer("Through.", new(1000, 100)));
        var connection = await TestDatabase.CreatePrepared();

        Guid id;
        await using (var first = await ServerProcess.Start(connection, provider.Address, Added))
        {
            id = await first.Runs.Queue("Who opens?", AddedAgents.Gated);
            await first.Runs.Until(id, facts => facts[^1] == "wait_started");
            Assert.Equal("kept", await Send(first.Client, id, "signed", "before the end", HttpStatusCode.Accepted));
            await first.Kill();
        }

        await using var second = await ServerHere.Start(connection, provider.Address);
        Assert.Equal("used", await Send(second.Client, id, "open", "now", HttpStatusCode.Accepted));
        Assert.Equal("used", await Send(second.Client, id, "open", "now", HttpStatusCode.OK));
        await AssertThrough(second, id, "before the end");
        Assert.Single(provider.Requests);
        await AssertSound(connection);
    }

    [Fact]
    public async Task A_signal_that_was_accepted_outlives_the_server()
    {
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(_ => FakeReply.Answer("Through.", new(1000, 100)));
        var connection = await TestDatabase.CreatePrepared();

        Guid id;
        await using (var first = await ServerProcess.Start(connection, provider.Address, Added))
        {
            id = await first.Runs.Queue("Who is heard?", AddedAgents.Gated);
            await first.Runs.Until(id, facts => facts[^1] == "wait_started");
            Assert.Equal("used", await Send(first.Client, id, "open", "now", HttpStatusCode.Accepted));
            await first.Kill(); // before the run has a slot again, or in its model call
        }

        await using var second = await ServerHere.Start(connection, provider.Address);
        await second.Runs.Until(id, facts => facts.Count(type => type == "wait_started") == 2);
        Assert.Equal("used", await Send(second.Client, id, "open", "now", HttpStatusCode.OK));
        Assert.Equal("used", await Send(second.Client, id, "signed", "at last", HttpStatusCode.Accepted));
        await AssertThrough(second, id, "at last");
        await AssertSound(connection);
    }

    static async Task AssertThrough(ServerHere server, Guid id, string answer)
    {
        var run = await server.Runs.Finished(id);
        var facts = await server.Runs.Facts(id);

        Assert.Equal(("completed", answer), (run.GetProperty("status").GetString(), run.GetProperty("answer").GetString()));
        Assert.Equal([1, 2], facts.Where(fact => fact.Type == "wait_started").Select(fact => fact.Data.GetProperty("wait").GetInt32()));
        Assert.Equal([1, 2], facts.Where(fact => fact.Type == "wait_ended").Select(fact => fact.Data.GetProperty("wait").GetInt32()));
        Assert.Equal(2, facts.Count(fact => fact.Type == "signal_received"));
        Assert.Single(facts, fact => fact.Type == "model_call_completed");
    }

    static async Task<string?> Send(HttpClient client, Guid id, string name, string payload, HttpStatusCode status)
    {
        using var answer = await client.PostAsJsonAsync($"/runs/{id}/signals/{name}?id={name}-1", payload);
        Assert.Equal(status, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("outcome").GetString();
    }

    static async Task AssertSound(string connection)
    {
        var report = await Reconciliation.Run(connection, ledger: null, tenant: null, CancellationToken.None);
        Assert.All(report!.Invariants, invariant => Assert.Empty(invariant.Shown));
        var verified = await Verification.Run(connection, null, tenant: null, CancellationToken.None);
        Assert.All(verified!.Invariants, invariant => Assert.Empty(invariant.Shown));
    }
}
