using System.Text.Json;
using Agents.Host.Audit;
using Agents.Host.Cli;

namespace Agents.Host.Tests.Operations;

public sealed class ReconcileTests(SoundDatabase sound) : IClassFixture<SoundDatabase>
{
    [Fact]
    public async Task A_database_made_by_servers_and_its_providers_ledger_have_the_same_money_to_the_last_digit()
    {
        var report = await Reconcile(await sound.Copy(), sound.Ledger);

        Assert.All(report.Invariants, invariant => Assert.Empty(invariant.Shown));
        Assert.Equal(["tenant", "day", "model", "run", "price", "sums", "ledger"], report.Invariants.Select(invariant => invariant.Id));
        Assert.DoesNotContain(report.Invariants, invariant => invariant.Checked == 0);
    }

    [Theory]
    [InlineData("delete from finance.model_call where run_id = '{done}' and call = 2", "run", "run {done}")]
    [InlineData("delete from finance.model_call where run_id = '{done}' and call = 2", "tenant", "GET /dashboard")]
    [InlineData("delete from finance.model_call where run_id = '{done}' and call = 2", "day", "finance.focus")]
    [InlineData("update finance.model_call set cost_usd = cost_usd + 0.00000000000001 where run_id = '{done}' and call = 2", "model",
        "finance.cost_by_model")]
    [InlineData("update finance.model_call set model = 'another' where run_id = '{done}' and call = 2", "model", "model another: 0 USD by the facts")]
    [InlineData("update finance.model_call set day = day - 1 where run_id = '{done}' and call = 2", "day", "finance.daily_cost")]
    [InlineData("update finance.model_call set input_price_usd = input_price_usd * 2 where run_id = '{done}' and call = 2", "day", "finance.focus")]
    [InlineData("update finance.model_call set request_fee_usd = 0.00000001 where run_id = '{done}' and call = 2", "day", "finance.focus")]
    [InlineData(
        """update agents.mt_events set data = jsonb_set(data, '{cost,unit,requestFee}', '0.00000001') where stream_id = '{done}' and type = 'model_call_completed' and data->>'call' = '2'""", "price", "and its fees are")]
    [InlineData(
        "do $$ declare d date := (select max(day) from finance.open_day); begin call finance.close_day('default', d); end $$; update finance.day_sum set cost_usd = cost_usd + 0.00000000000001", "day", "finance.daily_cost")]
    [InlineData(
        "do $$ declare d date := (select max(day) from finance.open_day); begin call finance.close_day('default', d); end $$; update finance.day_sum set output_tokens = output_tokens + 1", "sums", "finance.day_sum stored as")]
    [InlineData(
        "do $$ declare d date := (select max(day) from finance.open_day); begin call finance.close_day('default', d); end $$; update finance.day_run set completed = completed + 1", "sums", "finance.day_run stored as")]
    [InlineData(
        "do $$ declare d date := (select max(day) from finance.open_day); begin call finance.close_day('default', d); end $$; insert into finance.day_waste values ('default', current_date, 'research', 'failed_run', 1, 1, 1)", "sums", "finance.day_waste stored as")]
    [InlineData("update agents.run_summary set cost_usd = 0 where run_id = '{done}'", "run", "agents.run_summary")]
    [InlineData(
        """update agents.mt_events set data = jsonb_set(data, '{cost,usd}', '7') where stream_id = '{done}' and type = 'model_call_completed' and data->>'call' = '2'""", "price", "7 USD")]
    public async Task A_planted_difference_is_found_and_named(string sql, string id, string named)
    {
        var copy = await sound.Copy();
        await SoundDatabase.Execute(copy, sound.Filled(sql));

        var report = await Reconcile(copy, ledger: null);

        Assert.Contains(report.Invariants.Single(invariant => invariant.Id == id).Shown, shown =>
            shown.Contains(sound.Filled(named), StringComparison.Ordinal));
        Assert.False(report.Holds);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(0.00084, true)]
    public async Task What_a_provider_billed_lies_between_confirmed_and_that_with_unconfirmed(double billed, bool holds)
    {
        var ledger = Path.GetTempFileName();
        var lines = await File.ReadAllLinesAsync(sound.Ledger);
        var ofDone = Array.FindIndex(lines, line => line.Contains(sound.Filled("{done}"), StringComparison.Ordinal));
        var request = JsonSerializer.Deserialize<Dictionary<string, object>>(lines[ofDone])!;
        request["BilledUsd"] = (decimal)billed;
        lines[ofDone] = JsonSerializer.Serialize(request);
        await File.WriteAllLinesAsync(ledger, lines);

        var report = await Reconcile(await sound.Copy(), ledger);

        File.Delete(ledger);
        Assert.Equal(holds, report.Holds);
        if (!holds)
            Assert.Contains(sound.Filled("run {done} was billed"),
                Assert.Single(report.Invariants.Single(invariant => invariant.Id == "ledger").Shown), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_verb_tells_what_differs_by_its_exit_code()
    {
        var copy = await sound.Copy();
        var (exitCode, output) = await Run(copy, "--ledger", sound.Ledger);
        Assert.Equal(ExitCodes.Ok, exitCode);
        Assert.Matches(@"(?m)^ok    tenant  By tenant, .* \(\d+ checked; 0\.\d+ USD\)$", output);

        await SoundDatabase.Execute(copy, sound.Filled("delete from finance.model_call where run_id = '{done}'"));
        (exitCode, output) = await Run(copy, "--json");
        Assert.Equal(ExitCodes.Failed, exitCode);
        Assert.False(JsonSerializer.Deserialize<JsonElement>(output).GetProperty("holds").GetBoolean());
        Assert.Equal(ExitCodes.NothingFound, (await Run(await TestDatabase.Create("empty"))).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await Run(copy, "--ledger", "/nowhere/ledger.jsonl")).ExitCode);
    }

    static async Task<VerificationReport> Reconcile(string connection, string? ledger) =>
        (await Reconciliation.Run(connection, ledger, tenant: null, CancellationToken.None))!;

    static async Task<(int ExitCode, string Output)> Run(string connection, params string[] options)
    {
        var output = new StringWriter();
        var exitCode = await CommandLine.Run(
            ["finance", "reconcile", .. options], output, TextWriter.Null, $"--ConnectionStrings:agents={connection}");
        return (exitCode, output.ToString().ReplaceLineEndings("\n"));
    }
}
