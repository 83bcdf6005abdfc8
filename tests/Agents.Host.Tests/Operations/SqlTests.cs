using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Host.Platform;
using Agents.Projections;
using Marten;
using Npgsql;

namespace Agents.Host.Tests.Operations;

public sealed class SqlTests : IAsyncLifetime
{
    NpgsqlDataSource database = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => database = NpgsqlDataSource.Create(await TestDatabase.Create("sql"));

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    enum Colour
    {
        Red,
        DarkBlue,
    }

    sealed record Everything(
        Guid RunId, string? Name, int Count, long Bytes, double Share, decimal? CostUsd, DateTimeOffset At, DateOnly? Day, TimeSpan Took,
        Colour Colour, JsonElement Labels,
        string[] Words, int CacheWrite5Minutes);

    [Fact]
    public async Task A_row_is_a_record_whatever_the_order_of_its_columns()
    {
        var at = new DateTimeOffset(2026, 11, 27, 12, 30, 0, TimeSpan.FromHours(2));
        var runId = Guid.NewGuid();

        var row = await database.First<Everything>(
            """
            select 5 as cache_write_5_minutes, array['a', 'b'] as words, '{"a":1}'::jsonb as labels, 'darkblue' as colour, '1.5 s'::interval as took,
              null::date as day, @at as at, 0.12345678::numeric as cost_usd, 0.5::float8 as share, 7::bigint as bytes, 3::bigint as count, null::text as name,
              @run_id as run_id, 'is passed over' as more
            """, new { runId, at }, Cancellation);

        Assert.NotNull(row);
        Assert.Equal(
            (runId, null, 3, 7L, 0.5, 0.12345678m, at, null), (row.RunId, row.Name, row.Count, row.Bytes, row.Share, row.CostUsd, row.At, row.Day));
        Assert.Equal((TimeSpan.FromSeconds(1.5), Colour.DarkBlue, 1, 5),
            (row.Took, row.Colour, row.Labels.GetProperty("a").GetInt32(), row.CacheWrite5Minutes));
        Assert.Equal(["a", "b"], row.Words);
    }

    sealed record Spent(string Model, Usage? Usage, decimal CostUsd);

    [Fact]
    public async Task A_record_within_a_record_is_made_of_its_own_columns_and_is_null_when_the_first_of_them_is()
    {
        var rows = await database.Query<Spent>(
            $"""
            select 'a' as model, 1::numeric as cost_usd, {Columns("1")} union all select 'b', 2, {Columns("null")} order by model
            """, null, Cancellation);

        Assert.Equal([new("a", new(1, 1, 1, 1, 1, 1, 1, 1, 1), 1m), new("b", null, 2m)], rows);

        static string Columns(string value) => string.Join(", ", UsageColumns.All.Split(", ").Select(name => $"{value}::bigint as {name}"));
    }

    [Fact]
    public async Task A_null_has_the_type_that_a_value_would_have()
    {
        var types = await database.First<string>(
            """
            select concat_ws(' ', pg_typeof(@text), pg_typeof(@number), pg_typeof(@big), pg_typeof(@usd), pg_typeof(@id), pg_typeof(@time), pg_typeof(@day),
              pg_typeof(@span), pg_typeof(@flag), pg_typeof(@share), pg_typeof(@bytes), pg_typeof(@ids))
            """,
            new
            {
                text = (string?)null, number = (int?)null, big = (long?)null, usd = (decimal?)null, id = (Guid?)null, time = (DateTimeOffset?)null,
                day = (DateOnly?)null, span = (TimeSpan?)null, flag = (bool?)null, share = (double?)null, bytes = (byte[]?)null, ids = (Guid[]?)null,
            }, Cancellation);

        Assert.Equal("text integer bigint numeric uuid timestamp with time zone date interval boolean double precision bytea uuid[]", types);
    }

    [Fact]
    public async Task A_null_where_none_is_taken_and_a_column_that_is_missing_are_errors_that_name_it()
    {
        var none = await Assert.ThrowsAsync<InvalidCastException>(() =>
            database.Query<Named>("select null::text as name, 1 as count", null, Cancellation));
        var missing = await Assert.ThrowsAsync<IndexOutOfRangeException>(() => database.Query<Named>("select 'a' as name", null, Cancellation));

        Assert.Contains("'name'", none.Message);
        Assert.Contains("count", missing.Message);
    }

    sealed record Named(string Name, int Count);

    [Fact]
    public async Task What_has_no_counterpart_in_the_database_is_refused()
    {
        await Assert.ThrowsAsync<NotSupportedException>(() => database.Execute("select @colour", new { colour = Colour.Red }, Cancellation));
    }

    [Fact]
    public async Task No_row_is_the_default_and_single_values_need_no_record()
    {
        Assert.Null(await database.First<Named>("select 'a' as name, 1 as count where false", null, Cancellation));
        Assert.Null(await database.First<Guid?>("select gen_random_uuid() where false", null, Cancellation));
        Assert.Equal([1, 2], await database.Query<int>("select unnest(@numbers)", new { numbers = new[] { 1, 2 } }, Cancellation));
        Assert.Equal([null, "x"], await database.Query<string?>("select * from unnest(array[null, 'x'])", null, Cancellation));
    }

    [Fact]
    public async Task Names_may_be_a_dictionary_and_stand_beside_operators_and_strings()
    {
        var values = new Dictionary<string, object> { ["word_1"] = "'cat'", ["word_1_in_heading"] = "'dog'" };

        Assert.True(await database.First<bool>(
            "select 'cat'::tsvector @@ @word_1::tsquery and not 'cat'::tsvector @@ @word_1_in_heading::tsquery and '{1}'::int[] <@ array[1] and '@word_1' <> @word_1",
            values, Cancellation));
    }

    [Fact]
    public async Task A_connection_and_a_session_keep_to_their_transaction()
    {
        await database.Execute("create table kept (n integer)", null, Cancellation);
        await using (var connection = await database.OpenConnectionAsync(Cancellation))
        await using (await connection.BeginTransactionAsync(Cancellation))
            Assert.Equal(1, await connection.Execute("insert into kept values (@n)", new { n = 1 }, Cancellation));

        using var store = DocumentStore.For(options => options.Connection(database));
        await using (var session = store.LightweightSession())
        {
            await session.BeginTransactionAsync(Cancellation);
            Assert.Equal(1, await session.Execute("insert into kept values (@n)", new { n = 2 }, Cancellation));
            Assert.Equal(2, await session.First<int>("select n from kept", null, Cancellation));
            Assert.Equal(0, await database.First<long>("select count(*) from kept", null, Cancellation));
        }

        Assert.Equal(0, await database.First<long>("select count(*) from kept", null, Cancellation)); // neither was committed
    }

    [Fact]
    public async Task A_stream_gives_its_first_row_before_the_last_is_read()
    {
        await using var rows = database.Stream<int>("select 1 / (2 - n) from generate_series(1, 2) n", null, Cancellation)
            .GetAsyncEnumerator(Cancellation);

        Assert.True(await rows.MoveNextAsync());
        Assert.Equal(1, rows.Current);
        await Assert.ThrowsAsync<PostgresException>(async () => await rows.MoveNextAsync());
    }
}
