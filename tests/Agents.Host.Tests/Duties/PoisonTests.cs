using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Duties;
using Agents.Host.Engine.Queue;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Duties;

/// <summary>What the server cannot see to holds nothing else back.</summary>
[Collection(nameof(PoisonedServer))]
public sealed class PoisonTests(PoisonedServer server)
{
    App App => server.App;

    [Fact]
    public async Task A_poisoned_run_holds_no_other_run_and_no_other_duty_back()
    {
        var poisoned = await server.Waiting("Please shred what cannot be read.");
        var overdue = await server.Waiting("Please shred what takes too long.");
        await server.Poison(poisoned);
        await server.MakeOverdue(poisoned, overdue);

        await App.Until(overdue, facts => facts[^1] is RunFailed);
        var unanswered = await server.Waiting("Please shred it, if it is soon.", agent: "hasty");
        await App.Until(unanswered, facts => facts.OfType<ToolCallDenied>().Any());

        await server.Heal(poisoned, RunStatus.Running);
        await App.Until(poisoned, facts => facts[^1] is RunFailed);
    }

    [Fact]
    public async Task A_poisoned_schedule_holds_no_other_back()
    {
        await Create("unreadable", "Who can read this?");
        await server.Execute("update agents.schedule set run = '{\"agent\":5}', next_at = clock_timestamp() - interval '1 hour' where name = 'unreadable'");
        await Create("readable", "Who reads this?");

        await PoisonedServer.Until(async () => await App.Scalar<long>("select count(*) from agents.run_summary where question = 'Who reads this?'") >= 2, "two firings");
        foreach (var name in new[] { "unreadable", "readable" }) await server.Execute("delete from agents.schedule where name = $1", name);
    }

    [Fact]
    public async Task A_poisoned_run_holds_no_other_back_that_waits_for_the_same_budget()
    {
        await Put("/budgets/agent/loud?period=total", new { limitUsd = 0 });
        var poisoned = await Parked("What is unreadable worth?");
        var next = await Parked("What is readable worth?");
        await server.Poison(poisoned);
        var wanted = await App.Scalar<decimal>("select wanted_usd from finance.budget_wait where run_id = $1", next);

        await Put("/budgets/agent/loud?period=total", new { limitUsd = wanted }); // room for one

        Assert.Equal("completed", (await App.Finished(next)).GetProperty("status").GetString());
        await server.Heal(poisoned, RunStatus.Parked);
    }

    [Fact]
    public async Task A_poisoned_run_holds_no_other_back_whose_wait_is_over()
    {
        var poisoned = await Sleeping("How long is unreadable?");
        var next = await Sleeping("How long is readable?");
        await server.Poison(poisoned);

        await server.Execute("update agents.run_queue set wake_at = clock_timestamp() where run_id = any($1)", new[] { poisoned, next });

        await App.Until(next, facts => facts[^1] is RunCompleted);
        Assert.DoesNotContain(await App.Facts(poisoned), fact => fact is WaitEnded);
        await server.Heal(poisoned, RunStatus.Running);
        await App.Until(poisoned, facts => facts[^1] is RunCompleted);
    }

    [Fact]
    public async Task A_duty_that_waits_for_a_lock_holds_no_other_back()
    {
        var held = await server.Waiting("Please shred what another holds.");
        await using var connection = await App.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand("select 1 from agents.mt_streams where id = $1 for update", connection, transaction))
        {
            hold.Parameters.Add(new() { Value = held });
            await hold.ExecuteScalarAsync();
        }

        var overdue = await server.Waiting("Please shred what nothing holds.");
        await server.MakeOverdue(held, overdue);
        await App.Until(overdue, facts => facts[^1] is RunFailed);
        var unanswered = await server.Waiting("Please shred this one soon.", agent: "hasty");
        await App.Until(unanswered, facts => facts.OfType<ToolCallDenied>().Any());

        Assert.DoesNotContain(await App.Facts(held), fact => fact is RunFailed); // it was held all the time
        await transaction.RollbackAsync();
        await App.Until(held, facts => facts[^1] is RunFailed);
    }

    [Fact]
    public async Task A_run_that_cannot_begin_is_logged_with_its_stack()
    {
        await Put("/pauses/agent:talker", new { reason = "until it is poisoned" });
        var run = await App.Queue("Who can begin this?", "talker");
        await server.Poison(run);
        await App.Host.Scenario(call =>
        {
            call.Delete.Url("/pauses/agent:talker");
            call.StatusCodeShouldBe(204);
        });

        LogLine? line = null;
        await PoisonedServer.Until(
            () => Task.FromResult((line = server.Log.Lines.FirstOrDefault(line => line.Text.StartsWith($"Run {run} has a slot", StringComparison.Ordinal))) is not null), "the line");
        Assert.NotNull(line!.Exception?.StackTrace);
        await server.Heal(run, RunStatus.Queued);
        await App.Finished(run);
    }

    [Fact]
    public async Task A_run_that_cannot_begin_leaves_its_slot_to_others()
    {
        await Put("/limits/agent:counter", new { maxRuns = 1 });
        await Put("/pauses/agent:counter", new { reason = "until it is poisoned" });
        var poisoned = await App.Queue("Who can never begin?", "counter");
        var next = await App.Queue("Who begins instead?", "counter");
        await server.Poison(poisoned);
        await Delete("/pauses/agent:counter");

        await App.Finished(next);

        await server.Heal(poisoned, RunStatus.Queued);
        await App.Finished(poisoned);
        await Delete("/limits/agent:counter");
    }

    [Fact]
    public async Task A_run_that_has_begun_and_cannot_go_on_leaves_its_slot_to_others()
    {
        var poisoned = await server.Waiting("Please shred what can never go on.", agent: "halted");
        await server.Poison(poisoned);
        await Put("/limits/agent:halted", new { maxRuns = 1 });
        await server.Execute("update agents.run_queue set waits_for = null where run_id = $1", poisoned);

        await PoisonedServer.Until(
            () => Task.FromResult(server.Log.Lines.Any(line => line.Text.StartsWith($"Run {poisoned} has a slot", StringComparison.Ordinal))), "the slot");
        await server.Waiting("Please shred what goes on instead.", agent: "halted");

        await server.Heal(poisoned, RunStatus.Running);
        await Delete("/limits/agent:halted");
    }

    [Fact]
    public async Task A_run_of_which_the_node_cannot_tell_what_it_is_owed_keeps_no_slot()
    {
        var poisoned = await server.Waiting("Please shred what has stalled.");
        await server.Poison(poisoned);
        await server.Execute(
            "update agents.run_queue set waits_for = null, node = $2 where run_id = $1", poisoned, App.Host.Services.GetRequiredService<Node>().Name);

        await Assert.ThrowsAnyAsync<Exception>(() =>
            App.Host.Services.GetRequiredService<RedriveStalledRuns>().Redrive(new("default", poisoned), TestContext.Current.CancellationToken));

        await PoisonedServer.Until(
            async () => await App.Scalar<long>("select count(*) from agents.run_queue where run_id = $1 and node is null", poisoned) == 1, "a slot that is free");
        await server.Heal(poisoned, RunStatus.Running);
    }

    async Task<Guid> Parked(string question)
    {
        App.Model.Says(question, "Much.");
        var id = await App.Queue(question, "loud");
        await App.Until(id, "parked");
        return id;
    }

    async Task<Guid> Sleeping(string question)
    {
        var id = await App.Queue(question, "sleeper");
        await App.Until(id, facts => facts[^1] is WaitStarted);
        return id;
    }

    Task<JsonElement> Create(string name, string question) => App.Post(
        "/schedules", new { name, cron = "* * * * * *", timeZone = "UTC", overlap = "queue", run = new { agent = "counter", question } }, 201);

    async Task Delete(string url) => await App.Host.Scenario(call =>
    {
        call.Delete.Url(url);
        call.IgnoreStatusCode();
    });

    async Task Put(string url, object body) => await App.Host.Scenario(call =>
    {
        var (path, period) = url.Split("?period=") is [var before, var after] ? (before, after) : (url, null);
        var put = call.Put.Json(body).ToUrl(path);
        if (period is not null) put.QueryString("period", period);
        call.IgnoreStatusCode();
    });
}
