using Agents.Host.Postgres;
using Agents.Projections;
using Npgsql;

namespace Agents.Host.Tests.Operations;

/// <summary>A database that was made before numbers had two bounds.</summary>
public sealed class BoundsTests : IAsyncLifetime
{
    NpgsqlDataSource database = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = NpgsqlDataSource.Create(await TestDatabase.CreatePrepared("bounds"));
        await Execute(
            """
            alter table agents.admission_limit drop constraint admission_limit_max_runs_check, drop constraint admission_limit_weight_check;
            alter table agents.admission_limit add constraint admission_limit_weight_check check (weight > 0);
            alter table agents.rate drop constraint rate_requests_per_minute_check, drop constraint rate_tokens_per_minute_check;
            alter table agents.schedule drop constraint schedule_missed_most_check;
            alter table finance.budget drop constraint budget_limit_usd_check;
            alter table finance.budget add constraint budget_limit_usd_check check (limit_usd >= 0);
            insert into agents.admission_limit (scope, value, max_runs, weight, changed_by) values
              ('tenant', 'tiny', 3, 1e-308, 'ada'), ('overall', '', 2147483647, null, 'ada'), ('tenant', 'usual', 7, 2, 'ada');
            insert into agents.rate (provider, model, requests_per_minute, tokens_per_minute) values
              ('openai', 'none', 0, 9223372036854775807), ('openai', 'usual', 5, null);
            insert into finance.budget (tenant_id, scope, value, period, limit_usd, set_by) values
              ('default', 'agent', 'lofty', 'day', 1e12, 'ada'), ('default', 'agent', 'usual', 'day', 5, 'ada');
            """);
    }

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Gets_them_and_what_is_beyond_one_is_set_to_it_and_named()
    {
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        for (var time = 1; time <= 2; time++)
            await SetupScripts.RunOnce(connection, [.. ReadModels.Scripts(), $"-- another set, {time}"], Cancellation);

        Assert.Equal(
            ["overall: 100000, none", "tenant:tiny: 3, 0.001", "tenant:usual: 7, 2"],
            await Texts(
                """
                select concat_ws(':', scope, nullif(value, '')) || ': ' || max_runs || ', ' || coalesce(weight::text, 'none')
                from agents.admission_limit order by 1
                """));
        Assert.Equal(
            ["none: 1, 1000000000000", "usual: 5, none"],
            await Texts(
                "select model || ': ' || requests_per_minute || ', ' || coalesce(tokens_per_minute::text, 'none') from agents.rate order by 1"));
        Assert.Equal(["lofty: 1000000000", "usual: 5"], await Texts("select value || ': ' || limit_usd from finance.budget order by 1"));
        Assert.Equal(
            [
                "limit overall: set, maxRuns 100000, which was 2147483647 by system",
                "limit tenant:tiny: set, weight 0.001, which was 1e-308 by system",
                "rate openai/none: set, requestsPerMinute 1, which was 0 by system",
                "rate openai/none: set, tokensPerMinute 1000000000000, which was 9223372036854775807 by system",
            ],
            await Texts("select kind || ' ' || subject || ': ' || change || ' by ' || by from agents.change order by 1"));
        Assert.Equal(
            ["lofty: 1000000000000 to 1000000000 by system"],
            await Texts("select value || ': ' || old_limit_usd || ' to ' || new_limit_usd || ' by ' || by from finance.budget_change"));
    }

    [Theory]
    [InlineData("update agents.admission_limit set weight = 1e-308 where value = 'usual'")]
    [InlineData("update agents.admission_limit set max_runs = 100001 where value = 'usual'")]
    [InlineData("update agents.rate set requests_per_minute = 0 where model = 'usual'")]
    [InlineData("update agents.rate set tokens_per_minute = 0 where model = 'usual'")]
    [InlineData("update finance.budget set limit_usd = 1e10 where value = 'usual'")]
    public async Task Refuses_from_then_on_what_is_beyond(string sql)
    {
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        await SetupScripts.RunOnce(connection, [.. ReadModels.Scripts(), "-- another set"], Cancellation);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => Execute(sql));

        Assert.Equal(PostgresErrorCodes.CheckViolation, refused.SqlState);
    }

    async Task Execute(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    async Task<List<string>> Texts(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var texts = new List<string>();
        while (await rows.ReadAsync(Cancellation)) texts.Add(rows.GetString(0));
        return texts;
    }
}
