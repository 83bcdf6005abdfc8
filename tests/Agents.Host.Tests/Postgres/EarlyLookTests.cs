using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Tests.Postgres;

public sealed class EarlyLookTests
{
    [Fact]
    public async Task A_server_that_starts_again_finds_all_that_was_set_up()
    {
        await using var database = NpgsqlDataSource.Create(await TestDatabase.CreatePrepared("looked"));

        var done = await new EarlyLook(database, isWanted: true).Done;

        await using var command = database.CreateCommand("select array_agg(scripts) from agents.setup");
        Assert.Equal(((string[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!).Order(), done.Order());
        Assert.NotEmpty(done);
    }

    [Fact]
    public async Task An_empty_database_has_nothing_set_up()
    {
        await using var database = NpgsqlDataSource.Create(await TestDatabase.Create("empty"));

        Assert.Empty(await new EarlyLook(database, isWanted: true).Done);
    }

    [Fact]
    public async Task A_database_that_is_away_stops_nothing_here()
    {
        await using var database = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Database=none;Timeout=2");

        Assert.Empty(await new EarlyLook(database, isWanted: true).Done);
    }

    [Fact]
    public async Task A_command_that_needs_no_database_asks_none()
    {
        await using var database = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Database=none");

        var look = new EarlyLook(database, isWanted: false);

        Assert.True(look.Done.IsCompletedSuccessfully);
        Assert.Empty(await look.Done);
    }
}
