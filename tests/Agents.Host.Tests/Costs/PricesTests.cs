using System.Text.Json;
using Agents.Host.Cli;
using Npgsql;

namespace Agents.Host.Tests.Costs;

public sealed class PricesTests(Books books) : IClassFixture<Books>
{
    [Fact]
    public async Task A_call_priced_by_one_list_stays_so_when_another_is_in_force_and_repricing_puts_the_difference_beside_it()
    {
        await Publish(Books.List("A", "rising", 1, 2));
        var call = await books.Call(1, new(1_000_000, 500_000), "rising");
        await Publish(Books.List("B", "rising", 3, 4));
        var run = await books.Store("default", [.. call, .. await books.Call(2, new(1_000_000, 500_000), "rising")]);

        Assert.Equal(
            ["A 2", "B 5"], await books.Column(
                $"select price_version || ' ' || trim_scale(cost_usd) from finance.model_call where run_id = '{run}' order by version"));

        var today = DateTime.UtcNow;
        string[] reprice = [
            "finance", "reprice", "--from", $"{today.AddDays(-1):yyyy-MM-dd}", "--to", $"{today.AddDays(1):yyyy-MM-dd}", "--list", "B"];
        var output = await books.Said([.. reprice, "--json"]);
        var item = Assert.Single(
            JsonSerializer.Deserialize<JsonElement>(output).GetProperty("items").EnumerateArray(), item =>
                item.GetProperty("model").GetString() == "rising");
        Assert.Equal((2, 7m, 10m, 3m), (
            item.GetProperty("calls").GetInt32(), item.GetProperty("firstUsd").GetDecimal(), item.GetProperty("thenUsd").GetDecimal(),
            item.GetProperty("differenceUsd").GetDecimal()));
        Assert.Matches(@"(?m)^default +rising +2 +\$7\.00 +\$10\.00 +\+\$3\.00$", await books.Said(reprice));

        Assert.Equal(7m, await books.Scalar<decimal>("select sum(cost_usd) from finance.model_call where run_id = $1", run));
        Assert.Equal(
            ["A true 2", "B false 5", "B false 5", "B true 5"],
            await books.Column(
                $"select price_version || ' ' || is_first || ' ' || trim_scale(usd) from finance.charge where run_id = '{run}' order by 1"));
        await Assert.ThrowsAsync<PostgresException>(() => books.Scalar<object>("delete from finance.valuation returning usd"));
        await Assert.ThrowsAsync<PostgresException>(() => books.Scalar<object>("update finance.price set input_usd = 0 returning 1"));
        Assert.Equal(ExitCodes.NothingFound, (await books.Run([.. reprice[..^1], "never"])).ExitCode);
    }

    [Fact]
    public async Task A_contract_holds_for_its_tenant_and_from_its_day_and_the_server_says_which_list_does()
    {
        await Publish(Books.List("contract", "gpt-4o", 1, 1), tenant: "default");
        await Publish(Books.List("others", "gpt-4o", 9, 9), tenant: "somebody");
        await Publish(Books.List("next-year", "gpt-4o", 7, 7), from: DateTimeOffset.UtcNow.AddYears(1));

        var priced = await books.Get("/prices/model?model=gpt-4o");
        Assert.Equal("contract", priced.GetProperty("version").GetString());
        Assert.Equal(1, priced.GetProperty("entry").GetProperty("price").GetProperty("input").GetDecimal());
        var lists = (await books.Get("/prices")).GetProperty("items").EnumerateArray().ToDictionary(list => list.GetProperty("version").GetString()!);
        Assert.True(lists["contract"].GetProperty("isInForce").GetBoolean());
        Assert.False(lists["next-year"].GetProperty("isInForce").GetBoolean());
        Assert.DoesNotContain("others", lists.Keys);
        await books.Get("/prices/model?model=nobody-knows", 404);
        await books.Get("/prices/model?model=gpt-4o-mini&tier=priority", 404);

        var shown = await books.Said("prices", "show", "gpt-4o-mini");
        Assert.Matches(@"(?m)^any +\$0\.15 +\$0\.075 +\$0\.15 +\$0\.15 +\$0\.60 +\$0\.60$", shown);
        Assert.Matches(@"(?m)^Read 2025-07-04 at https://", shown);
        Assert.Matches(@"(?m)^next-year +20.*no$", await books.Said("prices", "list"));
    }

    [Fact]
    public async Task A_list_is_imported_by_the_command_line_and_a_version_only_once()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file, """{"imported-model":{"litellm_provider":"openai","mode":"chat","input_cost_per_token":1.5e-07,"output_cost_per_token":6e-07}}""");
        string[] import = ["prices", "import", file, "--format", "litellm", "--version", "imported"];

        Assert.Equal("Published imported with 1 price.\n", await books.Said(import));
        Assert.NotEqual(ExitCodes.Ok, (await books.Run(import)).ExitCode);
        Assert.Equal(ExitCodes.Usage, (await books.Run("prices", "import", file)).ExitCode);
        Assert.Equal(ExitCodes.NothingFound, (await books.Run([.. import, "--providers", "nobody"])).ExitCode);

        File.Delete(file);
        Assert.Equal(0.15m,
            (await books.Get("/prices/model?model=imported-model")).GetProperty("entry").GetProperty("price").GetProperty("input").GetDecimal());
        Assert.Equal(0.60m, await books.Scalar<decimal>("select output_usd from finance.price where version = 'imported'"));
    }

    [Theory]
    [InlineData("""{"list":{"version":"","currency":"USD","unit":"per million tokens","entries":[]}}""")]
    [InlineData("""{"list":{"version":"x","currency":"EUR","unit":"per million tokens","entries":[]}}""")]
    [InlineData("""{"list":{"version":"x"}}""")]
    [InlineData("""{"list":7}""")]
    public async Task What_is_no_price_list_is_refused(string body) =>
        await books.Post("/prices", JsonSerializer.Deserialize<JsonElement>(body), 400);

    async Task Publish(string json, string? tenant = null, DateTimeOffset? from = null) =>
        Assert.True(await books.Prices.Publish(json, from, tenant, "a test", new("ada", null), isShipped: false, CancellationToken.None));
}
