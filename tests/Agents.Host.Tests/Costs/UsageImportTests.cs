using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;

namespace Agents.Host.Tests.Costs;

/// <summary>A provider's usage export: read, held against the facts, and used to settle what is in doubt.</summary>
public sealed class UsageImportTests(App app)
{
    [Fact]
    public async Task An_export_settles_what_was_in_doubt_once_and_shows_what_it_matches_explains_and_does_not()
    {
        const string Question = "Will the provider tell what this did cost?";
        app.Model.Says(Question, new IOException("gone"), "It will.");
        var id = await app.Queue(Question, agent: "own");
        await app.Finished(id);
        var facts = await app.Stored(id);
        Assert.Single(facts.Select(e => e.Data).OfType<ModelCallOutcomeUnknown>());
        var hour = new DateTimeOffset(2001, 2, 3, 4, 0, 0, TimeSpan.Zero); // no other test's
        var export = $"""
            time,model,request_id,cost_usd
            {hour:O},gpt-4o-mini,{id}/1/1,0.0005
            {hour.AddMinutes(59):O},gpt-4o-mini,{id}/1/2,0.00021
            {hour.AddMinutes(5):O},gpt-4o-mini,,0.25
            """;

        var first = await Import(export);
        Assert.Equal(
            (3, 3, 1), (first.GetProperty("rows").GetInt32(), first.GetProperty("newRows").GetInt32(), first.GetProperty("resolved").GetInt32()));
        Assert.Equal(
            new SpendResolved(1, 1, 0.0005m, SpendSource.ProviderExport, "operator"), (await app.Facts(id)).OfType<SpendResolved>().Single());
        Assert.Equal(0.00071m, (await app.Get($"/runs/{id}")).GetProperty("costUsd").GetDecimal());

        var again = await Import(export);
        Assert.Equal(
            (3, 0, 0), (again.GetProperty("rows").GetInt32(), again.GetProperty("newRows").GetInt32(), again.GetProperty("resolved").GetInt32()));
        var row = Assert.Single(again.GetProperty("items").EnumerateArray());
        Assert.Equal((0.25071m, 0.00071m, 0m, 0.25m), (Usd("providerUsd"), Usd("matchedUsd"), Usd("explainedUsd"), Usd("unexplainedUsd")));
        Assert.Equal(3, row.GetProperty("calls").GetInt64());

        decimal Usd(string name) => row.GetProperty(name).GetDecimal();
    }

    [Fact]
    public async Task An_export_that_settles_a_spend_lets_a_run_go_on_that_parked_for_its_own_budget()
    {
        const string Question = "Does the bill leave something over?";
        app.Model.Says(Question, new IOException("gone"), "It does.");
        var id = await app.Queue(Question, agent: "own", more: new { budgetUsd = 0.001m });
        await app.Until(id, "parked");

        await Import($"time,model,request_id,cost_usd\n2001-02-03T11:00:00Z,gpt-4o-mini,{id}/1/1,0.0001\n");

        Assert.Equal("It does.", (await app.Finished(id)).GetProperty("answer").GetString());
    }

    [Fact]
    public async Task Spend_that_nobody_names_is_explained_by_calls_in_doubt_of_that_hour_and_model()
    {
        const string Question = "Will the provider tell only the hour?";
        app.Model.Says(Question, new IOException("gone"), "Perhaps.");
        var id = await app.Queue(Question, agent: "own");
        await app.Finished(id);
        var lost = (await app.Stored(id)).First(e => e.Data is ModelCallOutcomeUnknown);
        await using (var move = app.Database.CreateCommand(
            "alter table finance.model_call disable trigger append_only; "
            + $"update finance.model_call set at = '2001-02-03 07:30+00' where run_id = '{id}' and attempt = 1")) await move.ExecuteNonQueryAsync();
        var most = ((ModelCallOutcomeUnknown)lost.Data).HighUsd!.Value;

        var told = await Import($"timestamp,model,amount\n2001-02-03T07:05:00Z,gpt-4o-mini-2024-07-18,{most + 0.1m}\n");

        var row = Assert.Single(told.GetProperty("items").EnumerateArray());
        Assert.Equal((most, 0.1m), (row.GetProperty("explainedUsd").GetDecimal(), row.GetProperty("unexplainedUsd").GetDecimal()));
        Assert.Empty((await app.Facts(id)).OfType<SpendResolved>()); // not exact enough to settle anything
        await using (var back = app.Database.CreateCommand(
            $"update finance.model_call set at = '{lost.Timestamp:O}' where run_id = '{id}' and attempt = 1; "
            + "alter table finance.model_call enable trigger append_only")) await back.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task Tokens_without_a_cost_are_priced_and_bad_rows_are_named_by_their_line()
    {
        var told = await Import(
            "time,model,input_tokens,output_tokens\n2001-02-03T09:05:00Z,gpt-4o-mini,1000,100\n2001-02-03T09:05:00Z,gpt-4o-mini,1000,100\n");
        Assert.Equal((2, 0.00042m), (told.GetProperty("newRows").GetInt32(), told.GetProperty("items")[0].GetProperty("providerUsd").GetDecimal()));

        var refused = await Import(
            "time,model,cost_usd\nyesterday,gpt-4o-mini,0.1\n2001-02-03T09:05:00Z,,0.1\n2001-02-03T09:05:00Z,gpt-4o-mini,-1\n2001-02-03T09:05:00Z,gpt-4o-mini,1\n", 400);
        Assert.Equal(
            "Nothing was imported. Line 2: \"yesterday\" is no time; write 2026-11-23T14:05:00Z. Line 3: It names no model. Line 4: \"-1\" is no cost_usd.",
            refused.GetProperty("detail").GetString());
        Assert.Equal("Bad usage export", refused.GetProperty("title").GetString());
        Assert.Equal(2L,
            await app.Scalar<long>("select count(*) from finance.provider_usage where at between '2001-02-03 09:00+00' and '2001-02-03 10:00+00'"));
    }

    [Theory]
    [InlineData("", "The file is empty.")]
    [InlineData("a,b\n1,2\n", "Line 1: The headings must name time and model.")]
    [InlineData("time,model\n1,2\n", "Line 1: The headings must name cost_usd, or input_tokens and output_tokens.")]
    [InlineData("time,model,cost_usd\n2026-11-23,m,\n", "Line 2: It has neither a cost nor tokens.")]
    [InlineData("time,model,cost_usd\n2026-11-23,m,NaN\n", "Line 2: \"NaN\" is no cost_usd.")]
    [InlineData("time,model,cost_usd\n\n2026-11-23,\"two\nlines\",1\nx,m,1\n", "Line 5: \"x\" is no time; write 2026-11-23T14:05:00Z.")]
    public void What_cannot_be_read_is_named(string text, string problem) => Assert.Equal([problem], UsageExport.Read(text).Problems);

    [Fact]
    public void Columns_may_stand_in_any_order_have_other_names_and_be_quoted()
    {
        var run = Guid.NewGuid();
        var row = Assert.Single(
            UsageExport.Read($"\ufeffCost,Client Request Id,\"Model\",note,Timestamp\r\n$0.5,{run}/3/2,\"a, \"\"b\"\"\",x,1763906700\r\n").Rows);

        Assert.Equal((0.5m, "a, \"b\"", (run, 3, 2)), (row.CostUsd!.Value, row.Model, row.Request!.Value));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1763906700), row.At);
    }

    [Fact]
    public void Equal_rows_of_one_file_are_two_and_the_same_two_of_the_same_file_again()
    {
        const string Text = "time,model,cost_usd\n2026-11-23,m,1\n2026-11-23,m,1.0\n";
        var (first, again) = (UsageExport.Read(Text).Rows, UsageExport.Read(Text).Rows);

        Assert.NotEqual(first[0].RowId, first[1].RowId);
        Assert.Equal(first.Select(row => row.RowId), again.Select(row => row.RowId));
    }

    async Task<JsonElement> Import(string csv, int status = 200)
    {
        var result = await app.Host.Scenario(call =>
        {
            call.Post.Text(csv).ToUrl("/finance/usage");
            call.StatusCodeShouldBe(status);
        });
        return JsonSerializer.Deserialize<JsonElement>(await result.ReadAsTextAsync());
    }
}
