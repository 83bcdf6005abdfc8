using System.Text.Json;
using Agents.Host.Audit;
using Npgsql;

namespace Agents.Host.Tests.Operations;

/// <summary>Read models that are made anew from the facts.</summary>
public sealed class RebuildTests(SoundDatabase sound) : IClassFixture<SoundDatabase>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_sound_comes_out_the_same_in_every_table()
    {
        var report = (await Rebuild.Run(await sound.Copy(), isVerifyOnly: true, null, Cancellation))!;

        Assert.Equal(["run_summaries", "timeline", "cost_ledger", "checkpoints"], report.Tables.Select(table => table.Name));
        Assert.All(report.Tables, table => Assert.Equal((table.Facts, 0, true), (table.Stored, table.Differing, table.Rows > 0)));
        Assert.Equal(5, report.Runs);
        Assert.True(report.AreSame);
    }

    [Theory]
    [InlineData("run_summaries", "update agents.run_summary set answer = 'Another.' where run_id = '{done}'")]
    [InlineData("run_summaries", "delete from agents.run_summary where run_id = '{done}'")]
    [InlineData("timeline", "delete from agents.timeline where run_id = '{done}' and version > 5")]
    [InlineData("timeline", "insert into agents.timeline (tenant_id, run_id, version, at, type) values ('default', '{done}', 999, now(), 'run_failed')")]
    [InlineData("cost_ledger", "update finance.model_call set cost_usd = cost_usd + 0.0000000001 where run_id = '{done}' and call = 1")]
    [InlineData("checkpoints", "update agents.mt_doc_run set data = jsonb_set(data, '{costUsd}', '99') where id = '{done}'")]
    [InlineData("checkpoints", "delete from agents.mt_doc_run where id = '{done}'")]
    [InlineData("timeline", "insert into agents.timeline (tenant_id, run_id, version, at, type) values ('default', gen_random_uuid(), 1, now(), 'run_failed')")]
    [InlineData("checkpoints", "insert into agents.mt_doc_run select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid()))).* "
        + "from agents.mt_doc_run r where id = '{done}'")]
    public async Task What_was_damaged_is_found_and_replaced_and_the_rest_is_left_alone(string table, string damage)
    {
        var copy = await sound.Copy();
        await SoundDatabase.Execute(copy, $"{sound.Filled(damage)}; alter table agents.timeline enable trigger append_only; "
            + "alter table finance.model_call enable trigger append_only");

        var found = (await Rebuild.Run(copy, isVerifyOnly: true, null, Cancellation))!;
        Assert.Equal([table], found.Tables.Where(one => one.Differing == 1).Select(one => one.Name));
        Assert.Equal(3, found.Tables.Count(one => one.Differing == 0));
        var replaced = (await Rebuild.Run(copy, isVerifyOnly: false, null, Cancellation))!;
        Assert.Equal(1, replaced.Swapped);
        Assert.InRange(replaced.LongestLock, TimeSpan.Zero, TimeSpan.FromSeconds(1));

        Assert.True((await Rebuild.Run(copy, isVerifyOnly: true, null, Cancellation))!.AreSame);
        var report = (await Verification.Run(copy, sound.Ledger, null, Cancellation))!;
        Assert.Empty(report.Invariants.SelectMany(one => one.Shown));
        await using var database = NpgsqlDataSource.Create(copy);
        await using var left = database.CreateCommand("select to_regnamespace('agents_rebuilt')::text");
        Assert.Equal(DBNull.Value, await left.ExecuteScalarAsync(Cancellation));
    }
}
