using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Tests.Operations;

public sealed class SetupScriptsTests : IAsyncLifetime
{
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    NpgsqlDataSource database = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = NpgsqlDataSource.Create(await TestDatabase.Create("setup"));
        await Execute("create table kept (n integer)");
    }

    public async ValueTask DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task A_set_of_scripts_is_run_once_and_any_other_set_is_another()
    {
        await Run("insert into kept values (1)");
        await Run("insert into kept values (1)");
        await Run("insert into kept values (1)", "insert into kept values (2)");
        await Run("insert into kept values (1)"); // a node of the release before starts again

        Assert.Equal([1, 1, 2], await Kept());
    }

    [Fact]
    public async Task A_set_that_failed_is_run_again()
    {
        await Assert.ThrowsAsync<PostgresException>(() => Run("insert into kept values (3)", "select 1 / n from (values (0)) v (n)"));
        await Run("insert into kept values (4)", "select 1");

        Assert.Equal([3, 4], await Kept());
    }

    [Fact]
    public async Task Changing_a_table_in_use_lets_readers_pass_and_is_done_when_it_is_free()
    {
        await using var user = await database.OpenConnectionAsync(Cancellation);
        await using var use = await user.BeginTransactionAsync(Cancellation);
        await using (var read = new NpgsqlCommand("select from kept", user, use)) await read.ExecuteNonQueryAsync(Cancellation);

        var change = Run("alter table kept add column more integer");
        await Until("select exists (select from pg_locks where mode = 'AccessExclusiveLock' and not granted and relation = 'kept'::regclass)");
        var readers = Execute("select from kept"); // waits behind the change, until that steps back
        await readers.WaitAsync(Soon, Cancellation);
        Assert.False(change.IsCompleted);

        await use.CommitAsync(Cancellation);
        await change.WaitAsync(Soon, Cancellation);
        await Until("select exists (select from pg_attribute where attrelid = 'kept'::regclass and attname = 'more')");
    }

    async Task Run(params string[] scripts)
    {
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        await SetupScripts.RunOnce(connection, scripts, Cancellation);
    }

    async Task Until(string sql)
    {
        for (var patience = Soon; patience > TimeSpan.Zero; patience -= TimeSpan.FromMilliseconds(20))
        {
            await using var command = database.CreateCommand(sql);
            if (await command.ExecuteScalarAsync(Cancellation) is true) return;
            await Task.Delay(TimeSpan.FromMilliseconds(20), Cancellation);
        }

        Assert.Fail($"Never true: {sql}");
    }

    async Task Execute(string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    async Task<List<int>> Kept()
    {
        await using var command = database.CreateCommand("select n from kept order by n");
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var kept = new List<int>();
        while (await rows.ReadAsync(Cancellation)) kept.Add(rows.GetInt32(0));
        return kept;
    }
}
