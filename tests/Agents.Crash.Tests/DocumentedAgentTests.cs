using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Agents.Host.Audit;
using Agents.Host.Tests;

namespace Agents.Crash.Tests;

/// <summary>The agent of the documentation that has one of everything, offline, on servers that are killed in each of its steps.</summary>
public sealed class DocumentedAgentTests
{
    static readonly Uri Nowhere = new("http://127.0.0.1:9/");
    static readonly (string, string)[] Offline = [("Models__Provider", "offline"), ("Models__Endpoint", ""), ("Models__ApiKey", "")];

    static readonly string[] Taken =
        ["plan", "search", "draft", "count", "shorten", "draft", "count", "shorten", "draft", "count", "rest", "review", "again", "final"];

    [Theory]
    [InlineData("before-outcome-commit:1:kill")] // plan
    [InlineData("before-outcome-commit:2:kill")] // search
    [InlineData("reply-complete:3:kill")] // draft
    [InlineData("before-outcome-commit:4:kill")] // count
    [InlineData("before-outcome-commit:5:kill")] // shorten
    [InlineData("reply-complete:6:kill")] // draft, the second time
    public async Task A_server_killed_in_a_step_of_the_loop_does_nothing_twice(string fault)
    {
        var connection = await TestDatabase.CreatePrepared();
        Guid id;
        await using (var first = await Start(connection, fault))
        {
            await Push(first.Client);
            id = await first.Runs.Queue("Who approves travel?", "desk");
            await first.Died();
        }

        await using var second = await Start(connection);
        await Review(second, id);
        await Approve(second, id);
        await AssertOnce(second, id, connection);
    }

    [Fact]
    public async Task Servers_killed_in_both_waits_in_the_approval_and_in_the_last_steps_do_nothing_twice()
    {
        var connection = await TestDatabase.CreatePrepared();
        Guid id;
        await using (var first = await Start(connection))
        {
            await Push(first.Client);
            id = await first.Runs.Queue("Who approves travel?", "desk");
            await first.Runs.Until(id, facts => facts[^1] == "wait_started"); // rest
            await first.Kill();
        }

        await using (var second = await Start(connection))
        {
            await second.Runs.Until(id, facts => facts.Count(type => type == "wait_started") == 2); // review
            await second.Kill();
        }

        await using (var third = await Start(connection))
        {
            await Review(third, id);
            await third.Runs.Until(id, facts => facts[^1] == "tool_call_requested"); // again
            await third.Kill();
        }

        await using (var fourth = await Start(connection, "before-outcome-commit:1:kill"))
        {
            await Approve(fourth, id);
            await fourth.Died(); // the call that was approved is made, and not stored
        }

        await using (var fifth = await Start(connection, "before-outcome-commit:2:kill")) await fifth.Died(); // final
        await using var last = await Start(connection);
        await AssertOnce(last, id, connection);
    }

    static Task<ServerProcess> Start(string connection, string? fault = null) =>
        ServerProcess.Start(connection, Nowhere, fault is null ? Offline : [.. Offline, ("AGENTS_FAULT", fault)]);

    static async Task Push(HttpClient client)
    {
        using var document = await client.PostAsync(
            new Uri("/documents?source=travel.md", UriKind.Relative),
            new StringContent(
                """
                # Travel

                Travel is approved by the team lead. Trips above 2,000 euros need the managing director.
                Bookings are made by the front desk on weekdays. Receipts are handed in within thirty days.
                """));
        document.EnsureSuccessStatusCode();
        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "docs", "samples", "agents", "desk.yaml"));
        using var pushed = await client.PutAsync(new Uri("/agents/desk", UriKind.Relative), new StringContent(yaml, Encoding.UTF8, "application/yaml"));
        Assert.True(pushed.IsSuccessStatusCode, await pushed.Content.ReadAsStringAsync());
    }

    /// <summary>Twice, as a sender does that has heard no answer.</summary>
    static async Task Review(ServerProcess server, Guid id)
    {
        await server.Runs.Until(id, facts => facts.Count(type => type == "wait_started") == 2);
        for (var sent = 0; sent < 2; sent++)
        {
            using var answer = await server.Client.PostAsJsonAsync($"/runs/{id}/signals/reviewed?id=review-1", new { query = "managing director" });
            answer.EnsureSuccessStatusCode();
        }
    }

    static async Task Approve(ServerProcess server, Guid id)
    {
        var asked = (await server.Runs.Until(id, facts => facts[^1] == "tool_call_requested"))[^1].Data.GetProperty("toolCallId").GetString();
        using var answer = await server.Client.PostAsJsonAsync($"/runs/{id}/tool-calls/{asked}/approve", new { });
        answer.EnsureSuccessStatusCode();
    }

    static async Task AssertOnce(ServerProcess server, Guid id, string connection)
    {
        var run = await server.Runs.Finished(id);
        var facts = await server.Runs.Facts(id);

        Assert.Equal("completed", run.GetProperty("status").GetString());
        Assert.StartsWith("Travel is approved by the team lead. [1]", run.GetProperty("output").GetProperty("answer").GetString(), StringComparison.Ordinal);
        Assert.Equal(Taken, Of("step_started").Select(fact => fact.GetProperty("name").GetString()));
        Assert.Equal(Taken.Length, Of("step_completed").Count);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], Of("model_call_completed").Select(fact => fact.GetProperty("call").GetInt32()));
        Assert.Equal(
            ["s0001t001", "s0003t001", "s0003v2t001", "s0003v3t001", "s0007t001"],
            Of("tool_call_completed").Select(fact => fact.GetProperty("toolCallId").GetString()));
        Assert.Equal(2, Of("wait_ended").Count);
        Assert.Single(Of("signal_received"));
        Assert.Single(Of("tool_call_approved"));
        var verified = await Verification.Run(connection, null, tenant: null, CancellationToken.None);
        Assert.All(verified!.Invariants, invariant => Assert.Empty(invariant.Shown));

        List<JsonElement> Of(string type) => [.. facts.Where(fact => fact.Type == type).Select(fact => fact.Data)];
    }
}
