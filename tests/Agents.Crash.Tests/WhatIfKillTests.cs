using System.Net.Http.Json;
using System.Text.Json;
using Agents.Host.Audit;
using Agents.Host.Tests;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Crash.Tests;

/// <summary>kill -9 of the only server in the middle of a what-if: it goes on by itself, and buys nothing twice.</summary>
public sealed class WhatIfKillTests
{
    const int Runs = 100;

    [Fact]
    public async Task A_whatif_over_a_hundred_runs_whose_server_is_killed_goes_on_and_its_figures_are_those_of_the_ledger()
    {
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(request => FakeReply.Answer($"reply {request.Number}", new(1000, 100)) with { Delay = TimeSpan.FromMilliseconds(20) });
        var connection = await TestDatabase.CreatePrepared();
        await using var database = NpgsqlDataSource.Create(connection);

        string url;
        Guid batch;
        int before;
        await using (var first = await ServerProcess.Start(connection, provider.Address))
        {
            var origins = await Finished(first.Client, Runs);
            before = provider.Requests.Count;
            using var queued = await first.Client.PostAsJsonAsync(
                "/whatifs", new { runs = origins, from = "synthesize", model = "gpt-4o-mini", budgetUsd = 5 });
            var whatIf = await queued.Content.ReadFromJsonAsync<JsonElement>();
            Assert.True(queued.IsSuccessStatusCode, $"{whatIf}");
            (url, batch) = (whatIf.GetProperty("url").GetString()!, whatIf.GetProperty("id").GetGuid());
            await Rig.Until(() => provider.Requests.Count - before >= Runs, TimeSpan.FromMinutes(1), "The what-if does not begin.");
            await first.Kill();
        }

        Assert.InRange(provider.Requests.Count - before, Runs, (2 * Runs) - 1); // in the middle
        await using var second = await ServerHere.Start(connection, provider.Address);
        var seen = default(JsonElement);
        await Rig.Until(
            async () => (seen = await second.Client.GetFromJsonAsync<JsonElement>(url)).GetProperty("isFinished").GetBoolean(), TimeSpan.FromMinutes(2),
            "The what-if does not go on.");

        // Two calls of each run; beyond them only requests whose replies died with the server, each of which is kept as unconfirmed spend.
        var completed = await Scalar<long>(database, "select count(*) from finance.model_call c join agents.run_summary r using (tenant_id, run_id) where r.batch_id = $1 and c.status = 'completed'", batch);
        var unknown = await Scalar<long>(database, "select count(*) from finance.model_call c join agents.run_summary r using (tenant_id, run_id) where r.batch_id = $1 and c.status = 'unknown'", batch);
        Assert.Equal(2L * Runs, completed);
        Assert.InRange(provider.Requests.Count - before, completed, completed + unknown);
        Assert.Equal(Runs, await Scalar<long>(database, "select count(*) from agents.run_summary where batch_id = $1 and status = 'completed'", batch));

        // The figures are the ledger's, and those of the facts, to the last digit.
        var ledger = await Scalar<decimal>(database, "select sum(c.cost_usd) from finance.model_call c join agents.run_summary r using (tenant_id, run_id) where r.batch_id = $1", batch);
        var facts = await Scalar<decimal>(
            database,
            """
            select sum((e.data->'cost'->>'usd')::numeric) from agents.mt_events e join agents.run_summary r on r.tenant_id = e.tenant_id and r.run_id = e.stream_id
            where r.batch_id = $1 and e.type = 'model_call_completed'
            """, batch);
        Assert.Equal((ledger, ledger), (facts, seen.GetProperty("newSpendUsd").GetDecimal()));
        Assert.Equal(2 * Runs * 0.00021m, ledger);
        var same = await Scalar<decimal>(
            database,
            """
            select sum(c.cost_usd) from agents.run_summary f join finance.model_call c on c.tenant_id = f.tenant_id and c.run_id = f.forked_from and c.version > f.forked_at
            where f.batch_id = $1
            """, batch);
        Assert.Equal(same, seen.GetProperty("originSpendUsd").GetDecimal());
        var verdict = seen.GetProperty("verdict");
        Assert.Equal((Runs, unknown), (verdict.GetProperty("pairs").GetInt32(), seen.GetProperty("unknownCalls").GetInt64()));
        if (unknown == 0) Assert.Equal((ledger - same) / Runs, verdict.GetProperty("costUsd").GetProperty("mean").GetDecimal());
        Assert.InRange(
            await Scalar<decimal>(database, "select spent_usd + reserved_usd from finance.budget_period where scope = 'batch' and value = $1::text", batch), ledger, 5m);

        var report = (await Verification.Run(connection, null, null, CancellationToken.None))!;
        Assert.Empty(report.Invariants.SelectMany(one => one.Shown));
    }

    static async Task<IReadOnlyList<Guid>> Finished(HttpClient client, int count)
    {
        var items = Enumerable.Range(1, count).Select(number => new { agent = "research", question = $"What becomes of run {number}?" });
        using var queued = await client.PostAsJsonAsync("/runs/batch", new { items });
        var batch = await queued.Content.ReadFromJsonAsync<JsonElement>();
        await Rig.Until(
            async () => (await client.GetFromJsonAsync<JsonElement>(batch.GetProperty("url").GetString())).GetProperty("isFinished").GetBoolean(),
            TimeSpan.FromMinutes(2), "The runs do not end.");
        return [.. batch.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("runId").GetGuid())];
    }

    static async Task<T> Scalar<T>(NpgsqlDataSource database, string sql, Guid batch)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = batch });
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
