using System.Net;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Models;
using Agents.Host.Models.Wire;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Queues;

/// <summary>Who is given a slot, by two nodes.</summary>
public sealed class AdmissionTests(Pool pool) : IClassFixture<Pool>
{
    [Fact]
    public async Task Two_nodes_never_exceed_a_limit_they_share_and_use_it_to_the_full()
    {
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 3 });
        pool.Model.Close();
        var runs = await pool.Queue(12);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 3), "three at once");

        await Pool.Until(async () =>
        {
            pool.Model.Turn();
            Assert.True(await pool.Scalar<long>("select count(*) from agents.run_queue where node is not null and state <> 'settling'") <= 3);
            return await pool.Ended(runs) == runs.Count;
        }, "the end");

        Assert.Equal(3, pool.Model.Most);
    }

    [Theory]
    [InlineData("tenant:default")]
    [InlineData("agent:talker")]
    [InlineData("model:offline-extractive-1")]
    [InlineData("provider:offline")]
    [InlineData("key:blue")]
    public async Task A_limit_counts_what_it_names(string scope)
    {
        await pool.Clear();
        await pool.Limit(scope, new { maxRuns = 1 });
        pool.Model.Close();
        var runs = await pool.Queue(3, team: "blue");
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 1), "one at once");

        await Pool.Until(async () =>
        {
            pool.Model.Turn();
            return await pool.Ended(runs) == runs.Count;
        }, "the end");

        Assert.Equal(1, pool.Model.Most);
    }

    [Fact]
    public async Task A_run_that_one_node_cannot_begin_is_begun_by_the_other()
    {
        await pool.Clear();
        await pool.Send(HttpMethod.Put, "/pauses/all", new { reason = "" }, 200);
        // Written by hand here: what a caller lifts over HTTP wakes both nodes, and the second is to be woken by the first alone.
        await pool.Execute("insert into agents.admission_pause (scope, value, reason, paused_by) values ('node', $1, '', 'ada')", pool.Nodes[1]);
        var run = (await pool.Queue(1, agent: "loud"))[0];
        var definition = ((RunQueued)(await pool.Facts(run))[0]).DefinitionHash;
        await pool.Services(1).GetRequiredService<Definitions>().Of(definition, CancellationToken.None); // known to the other node
        await pool.Execute("alter table agents.definition disable trigger append_only");
        await pool.Execute("delete from agents.definition where hash = $1", definition); // cannot be read by this one; no caller can take one away

        await using (var blocked = await pool.Database.OpenConnectionAsync())
        {
            await using var transaction = await blocked.BeginTransactionAsync();
            await using var hold = new NpgsqlCommand("select 1 from agents.mt_streams where id = $1 for update", blocked, transaction);
            hold.Parameters.Add(new() { Value = run });
            await hold.ExecuteScalarAsync();
            await pool.Send(HttpMethod.Delete, "/pauses/all", null, 204, node: 1); // both look, and not again for five seconds
            await pool.Until(run, $"node = '{pool.Nodes[0]}'");
            await pool.Execute("delete from agents.admission_pause");
        }

        var waited = System.Diagnostics.Stopwatch.StartNew();
        await Pool.Until(async () => await pool.Ended([run]) == 1, "the end");
        // At worst the first node takes it again before the other has heard of it; then both look again after five seconds.
        Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"It took {waited.Elapsed}.");
        Assert.Equal(pool.Nodes[1], (await pool.Facts(run)).OfType<RunStarted>().Single().Worker);
    }

    [Fact]
    public async Task A_nodes_limit_lowers_its_own_slots_and_no_other_nodes_and_never_raises_them()
    {
        await pool.Clear();
        await pool.Limit($"node:{pool.Nodes[0]}", new { maxRuns = 1 });
        await pool.Limit($"node:{pool.Nodes[1]}", new { maxRuns = 100 });
        pool.Model.Close();
        var runs = await pool.Queue(12);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 5), "one and four at once");
        Assert.Equal(1, await pool.Scalar<long>("select count(*) from agents.run_queue where node = $1", pool.Nodes[0]));
        var nodes = (await pool.Send(HttpMethod.Get, "/nodes", null, 200)).GetProperty("items").EnumerateArray()
            .ToDictionary(node => node.GetProperty("name").GetString()!, node => node.GetProperty("slots").GetInt32());
        Assert.Equal((1, 4), (nodes[pool.Nodes[0]], nodes[pool.Nodes[1]]));

        await pool.Limit($"node:{pool.Nodes[0]}", new { maxRuns = 3 });
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 7), "three and four at once");

        pool.Model.Open();
        await Pool.Until(async () => await pool.Ended(runs) == 12, "the end");
        Assert.Equal(7, pool.Model.Most);
        await pool.Send(HttpMethod.Put, $"/limits/node:{pool.Nodes[0]}", new { weight = 2 }, 400);
        await pool.Clear();
    }

    [Fact]
    public async Task A_limit_that_is_changed_counts_at_once_and_who_is_not_counted_passes_by()
    {
        await pool.Clear();
        await pool.Limit("tenant:slow", new { maxRuns = 0 });
        pool.Model.Close();
        var slow = await pool.Queue(2, tenant: "slow");
        var others = await pool.Queue(2);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 2), "those of another tenant");
        Assert.Equal(0, await pool.Scalar<long>("select count(*) from agents.run_summary where tenant_id = 'slow' and started_at is not null"));

        await pool.Limit("tenant:slow", new { maxRuns = 2 });
        pool.Model.Open();
        await Pool.Until(async () => await pool.Ended(slow) == 2 && await pool.Ended(others) == 2, "their end");
    }

    [Fact]
    public async Task An_urgent_run_starts_next_however_many_wait()
    {
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 1 });
        pool.Model.Close();
        var first = await pool.Queue(1, priority: 0);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 1), "the first");
        var low = await pool.Queue(30, priority: 0);
        var urgent = await pool.Queue(1, priority: 9);

        pool.Model.Turn();
        await Pool.Until(async () => await pool.Ended(first) == 1 && pool.Model.Inside == 1, "the next");

        Assert.Equal(1, await pool.Scalar<long>("select count(*) from agents.run_summary where run_id = $1 and started_at is not null", urgent[0]));
        pool.Model.Open();
        await Pool.Until(async () => await pool.Ended(low) == 30, "the end");
    }

    [Fact]
    public async Task A_run_that_waits_rises_and_starts_although_urgent_ones_keep_coming()
    {
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 1 });
        var urgent = (await pool.Queue(4, priority: 9)).ToList();
        var low = (await pool.Queue(1, priority: 0))[0];

        await Pool.Until(async () =>
        {
            var waiting = await pool.Scalar<long>("select count(*) from agents.run_queue where node is null and priority = 9");
            if (waiting < 3) urgent.AddRange(await pool.Queue(6, priority: 9));
            return await pool.Scalar<bool>("select started_at is not null from agents.run_summary where run_id = $1", low);
        }, "the start of the one that waits", every: TimeSpan.Zero);

        Assert.True(urgent.Count > 4);
        await Pool.Until(async () => await pool.Ended(urgent) == urgent.Count, "the end");
    }

    [Fact]
    public async Task A_tenant_whose_runs_are_all_urgent_keeps_no_other_waiting()
    {
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 1 });
        pool.Model.Close();
        var first = await pool.Queue(1, tenant: "loud", priority: 9);
        await Pool.Until(() => Task.FromResult(pool.Model.Inside == 1), "the first");
        var loud = await pool.Queue(30, tenant: "loud", priority: 9);
        var quiet = await pool.Queue(1, tenant: "quiet", priority: 0);

        pool.Model.Turn();
        await Pool.Until(async () => await pool.Ended(first) == 1 && pool.Model.Inside == 1, "the next");

        Assert.Equal(1, await pool.Scalar<long>("select count(*) from agents.run_summary where run_id = $1 and started_at is not null", quiet[0]));
        pool.Model.Open();
        await Pool.Until(async () => await pool.Ended(loud) == 30, "the end");
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(3, null)]
    [InlineData(2, 2.0)]
    public async Task Slots_are_shared_between_tenants_by_weight(int weight, double? set)
    {
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 1 });
        var tenant = weight == 3 ? "heavy" : $"tenant{weight}"; // the configuration gives heavy a weight of 3
        if (set is not null) await pool.Limit($"tenant:{tenant}", new { weight = set });
        await pool.Send(HttpMethod.Put, "/pauses/all", new { reason = "all of them first" }, 200);
        var names = new Dictionary<Guid, string>();
        foreach (var id in await pool.Queue(20, tenant: "many", priority: 9)) names[id] = "m";
        foreach (var id in await pool.Queue(12, tenant: tenant, priority: 9)) names[id] = "t";
        await pool.Send(HttpMethod.Delete, "/pauses/all", null, 204);
        await Pool.Until(async () => await pool.Ended(names.Keys) == names.Count, "the end");

        var order = await pool.Order(names);
        var inFirst = order[..(4 * (weight + 1))].Count(name => name == 't');
        Assert.True(Math.Abs(inFirst - (Math.Min(12, 4 * weight))) <= 1, $"{inFirst} in {order}");
    }

    [Fact]
    public async Task Within_a_tenant_slots_are_shared_between_the_keys_of_runs()
    {
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 1 });
        await pool.Send(HttpMethod.Put, "/pauses/all", new { reason = "all of them first" }, 200);
        var names = new Dictionary<Guid, string>();
        foreach (var id in await pool.Queue(10, team: "red", priority: 9)) names[id] = "r";
        foreach (var id in await pool.Queue(3, team: "green", priority: 9)) names[id] = "g";
        await pool.Send(HttpMethod.Delete, "/pauses/all", null, 204);
        await Pool.Until(async () => await pool.Ended(names.Keys) == names.Count, "the end");

        var order = await pool.Order(names);
        Assert.True(order[..7].Count(name => name == 'g') == 3, order);
    }

    [Fact]
    public async Task A_run_that_waits_for_a_person_gives_its_slot_to_another()
    {
        const string Question = "Please shred this one.";
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 1 });
        pool.Model.Script[Question] = new([new FunctionCallContent("call", "shred", new Dictionary<string, object?> { ["document"] = "it" })]);
        var asking = (await pool.Queue(1, agent: "clerk", question: Question))[0];
        await pool.Until(asking, "waits_for = 'approval' and node is null");
        Assert.Equal("approval", (await pool.Why(asking)).GetProperty("blockedBy")[0].GetProperty("kind").GetString());

        var other = await pool.Queue(1);
        await Pool.Until(async () => await pool.Ended(other) == 1, "the other");
        await pool.Send(HttpMethod.Post, $"/runs/{asking}/tool-calls/c0001t001/approve", null, 200, node: 1);
        await Pool.Until(async () => await pool.Ended([asking]) == 1, "the end");

        Assert.IsType<RunCompleted>((await pool.Facts(asking))[^1]);
        Assert.Single((await pool.Facts(asking)).OfType<ToolCallStarted>());
    }

    [Fact]
    public async Task A_retry_that_is_far_off_gives_its_slot_back_and_comes_when_it_is_due()
    {
        const string Question = "Who is busy?";
        await pool.Clear();
        await pool.Limit("overall", new { maxRuns = 1 });
        pool.Model.Script[Question] = new([new ProviderFailedException(FailureKind.Unavailable, "Come back.", TimeSpan.FromSeconds(8))]);
        var busy = (await pool.Queue(1, question: Question))[0];
        await pool.Until(busy, "not_before > clock_timestamp() and node is null");
        var why = await pool.Why(busy);
        Assert.Equal("retry", why.GetProperty("blockedBy")[0].GetProperty("kind").GetString());
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, why.GetProperty("estimatedStart").ValueKind);
        Assert.Equal(0, await pool.Scalar<long>("select count(*) from wolverine.wolverine_incoming_envelopes where status = 'Scheduled'"));

        var other = await pool.Queue(1);
        await Pool.Until(async () => await pool.Ended(other) == 1, "the other");
        Assert.Equal(0, await pool.Ended([busy]));
        await Pool.Until(async () => await pool.Ended([busy]) == 1, "the end");

        var facts = await pool.Facts(busy);
        Assert.Equal([1, 2], facts.OfType<ModelCallStarted>().Select(started => started.Attempt));
        Assert.IsType<RunCompleted>(facts[^1]);
    }
}
