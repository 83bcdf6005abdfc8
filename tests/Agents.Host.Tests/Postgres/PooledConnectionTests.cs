using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Agents.Host.Tests.Postgres;

/// <summary>Pooled connections are not reset between two users, so nobody may leave anything in one.</summary>
public sealed class PooledConnectionTests(App app)
{
    const int Connections = 12;
    const int Looks = 5;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    NpgsqlDataSource Database => app.Host.Services.GetRequiredService<NpgsqlDataSource>();

    [Fact]
    public async Task No_setting_temporary_table_cursor_or_subscription_is_left_in_a_pooled_connection()
    {
        await app.Until(await app.Queue("What is left behind?", TestAgents.Talker.Name), facts => facts.OfType<Domain.Runs.RunCompleted>().Any());
        var connections = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Database.OpenConnectionAsync(Cancellation).AsTask()));
        try
        {
            foreach (var connection in connections)
                Assert.Empty(await Rows(
                    connection,
                    """
                    select 'setting ' || name from pg_settings where source = 'session'
                    union all select 'table ' || relname from pg_class where relnamespace = pg_my_temp_schema()
                    union all select 'cursor ' || name from pg_cursors where is_holdable
                    union all select 'channel ' || c from pg_listening_channels() c
                    union all select 'lock ' || objid from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'
                    """));
        }
        finally
        {
            foreach (var connection in connections) await connection.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_idle_session_holds_no_lock_but_that_of_its_node_or_of_the_leader()
    {
        await app.Until(await app.Queue("Who holds a lock?", TestAgents.Talker.Name), facts => facts.OfType<Domain.Runs.RunCompleted>().Any());
        var node = app.Host.Services.GetRequiredService<Agents.Host.Engine.Queue.Node>().Name;
        await using var connection = await Database.OpenConnectionAsync(Cancellation);

        HashSet<string>? kept = null; // a lock of a transaction that ends between reading the two views is not there at the next look
        for (var look = 0; look < Looks; look++)
        {
            var seen = await Rows(
                connection,
                $"""
                select concat_ws(' ', l.pid, l.classid, l.objid, a.query) from pg_locks l join pg_stat_activity a using (pid)
                where l.locktype = 'advisory' and a.state = 'idle' and a.datname = current_database()
                  and a.application_name <> '{node}' and a.application_name not like 'wolverine-advisory-lock%'
                """);
            if (kept is null) kept = [.. seen];
            else kept.IntersectWith(seen);
            await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
        }

        Assert.Empty(kept!);
    }

    static async Task<List<string>> Rows(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var found = new List<string>();
        while (await rows.ReadAsync(Cancellation)) found.Add(rows.GetString(0));
        return found;
    }
}
