using System.Text.Json;
using Agents.Host.Cli.Database;
using Agents.Host.Http;
using Agents.Host.Postgres;
using Alba;
using Npgsql;

namespace Agents.Host.Tests.Operations;

/// <summary>Tables in which rows are only ever inserted, and the roles of the database.</summary>
public sealed class AppendOnlyTests(SoundDatabase sound) : IClassFixture<SoundDatabase>
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static readonly TheoryData<string> Tables =
    [
        "agents.mt_events",
        "agents.definition",
        "agents.agent_version",
        "agents.agent_change",
        "agents.evidence",
        "agents.checkpoint",
        "agents.signing_key",
        "agents.change",
        "agents.document_version",
        "agents.document_recall",
        "agents.batch",
        "agents.batch_item",
        "agents.what_if",
        "agents.schedule_change",
        "agents.deleted_response",
        "agents.timeline",
        "finance.model_call",
        "finance.budget_change",
        "finance.valuation",
        "finance.price_list",
        "finance.price",
        "finance.provider_usage",
    ];

    [Fact]
    public async Task Every_table_that_says_it_only_grows_is_known_here()
    {
        await using var database = NpgsqlDataSource.Create(await sound.Copy());
        var say = await Names(
            database,
            """
            select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname in ('agents', 'finance') and c.relkind = 'r'
              and obj_description(c.oid, 'pg_class') ~ '(only ever inserted|Never changed)'
            """);
        var refuse = await Names(
            database,
            """
            select n.nspname || '.' || c.relname from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
            where t.tgname in ('append_only', 'no_truncate') group by 1 having count(*) = 2
            """);

        var known = Tables.Select(row => row.Data).ToHashSet();
        Assert.Empty(say.Except(known));
        Assert.Equal(known.Order(StringComparer.Ordinal), refuse.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Tables))]
    public async Task What_is_only_ever_inserted_refuses_all_else_from_owner_and_application(string table)
    {
        await using var database = NpgsqlDataSource.Create(await sound.Copy());
        await Execute(database, $"{DatabaseRoles.Script()} set role {DatabaseRoles.Owner}");
        await Fill(database, table);
        foreach (var role in new[] { DatabaseRoles.Owner, DatabaseRoles.Application })
        {
            await using var connection = await database.OpenConnectionAsync(Cancellation);
            await Run(connection, $"set role {role}");
            foreach (var sql in new[] { $"update {table} set tableoid = tableoid", $"delete from {table}", $"truncate {table} cascade" })
            {
                var refusal = await Assert.ThrowsAsync<PostgresException>(
                    async () => await Run(connection, sql.Replace("tableoid = tableoid", await FirstColumn(connection, table), StringComparison.Ordinal)));
                Assert.True(
                    role == DatabaseRoles.Owner
                        ? refusal.SqlState == PostgresErrorCodes.RestrictViolation && refusal.MessageText.EndsWith("is append-only", StringComparison.Ordinal)
                        : refusal.SqlState == PostgresErrorCodes.InsufficientPrivilege,
                    $"{role}: {sql}: {refusal.SqlState} {refusal.MessageText}");
            }
        }
    }

    [Fact]
    public async Task A_server_works_with_the_application_role_and_could_rewrite_nothing()
    {
        var owned = await TestDatabase.CreatePrepared("roles");
        await using (var database = NpgsqlDataSource.Create(owned))
            await Execute(database, $"""
                {DatabaseRoles.Script()}
                do $$ begin
                  if not exists (select from pg_roles where rolname = 'agents_test_server') then
                    create role agents_test_server login password 'secret' in role {DatabaseRoles.Application};
                  end if;
                end $$;
                """);
        var connection = new NpgsqlConnectionStringBuilder(owned) { Username = "agents_test_server", Password = "secret" }.ConnectionString;
        await using var host = await AlbaHost.For<Program>(web =>
        {
            web.UseSetting("ConnectionStrings:agents", connection);
            web.UseSetting("urls", "http://127.0.0.1:0");
            web.UseSetting("Workers:DrainTimeout", "00:00:01");
        });
        host.BeforeEach(call => call.Request.Headers[PageGuard.ClientHeader] = "tests");
        await host.Scenario(call =>
        {
            call.Post.Text("# Desk\n\nThe desk is open from nine to five on working days.\n").ToUrl("/documents").QueryString("source", "desk.md");
            call.StatusCodeShouldBe(200);
        });
        var queued = await host.Scenario(call =>
        {
            call.Post.Json(new { agent = "research", question = "When is the desk open?" }).ToUrl("/runs");
            call.StatusCodeShouldBe(202);
        });
        var id = (await queued.ReadAsJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        await App.Until("the run is completed", async () =>
            (await (await host.Scenario(call => call.Get.Url($"/runs/{id}"))).ReadAsJsonAsync<JsonElement>()).GetProperty("status").GetString() == "completed");

        await using var own = NpgsqlDataSource.Create(connection);
        foreach (var sql in new[] { "update agents.mt_events set data = data", "delete from finance.model_call", "truncate agents.evidence", "drop table agents.mt_events" })
            Assert.Equal(
                PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => Execute(own, sql))).SqlState);
        await using var check = await own.OpenConnectionAsync(Cancellation);
        Assert.Equal(CheckResult.Ok, (await RoleCheck.Of(check, isEmbedded: false, Cancellation))!.Result);
        await using var super = await NpgsqlDataSource.Create(owned).OpenConnectionAsync(Cancellation);
        Assert.Equal(CheckResult.Warn, (await RoleCheck.Of(super, isEmbedded: false, Cancellation))!.Result);
    }

    [Fact]
    public async Task The_application_keeps_what_it_needs_when_the_finance_role_is_made_after_it_and_the_owner_may_run_the_script_again()
    {
        await using var database = NpgsqlDataSource.Create(await TestDatabase.CreatePrepared("roles"));
        await Execute(database, DatabaseRoles.Script());

        await Execute(database, FinanceRole.Script(null));

        await using var connection = await database.OpenConnectionAsync(Cancellation);
        await Run(connection, $"set role {DatabaseRoles.Application}");
        await Run(connection, "select pg_advisory_lock(1), pg_advisory_unlock(1)");
        await using (var member = new NpgsqlCommand($"select pg_has_role('{FinanceRole.Name}', 'usage')", connection))
            Assert.True((bool)(await member.ExecuteScalarAsync(Cancellation))!); // it ends statements of that role that take too long
        await Run(connection, "reset role");
        await Run(connection, $"set role {DatabaseRoles.Owner}");
        await Run(connection, DatabaseRoles.Script());
    }

    /// <summary>A trigger for each row refuses nothing where there is none.</summary>
    static async Task Fill(NpgsqlDataSource database, string table)
    {
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        await Run(connection, "reset role");
        await using var any = new NpgsqlCommand($"select exists (select from {table})", connection);
        if ((bool)(await any.ExecuteScalarAsync(Cancellation))!) return;

        // Text, numbers and all else of the row are made up by type: checks, keys and references are none of this test's business.
        await Run(connection, $"""
            set session_replication_role = replica;
            do $$
            declare
              names text; vals text; c record;
            begin
              for c in select conname from pg_constraint where conrelid = '{table}'::regclass and contype = 'c' loop
                execute format('alter table {table} drop constraint %I', c.conname);
              end loop;
              select string_agg(quote_ident(attname), ', '), string_agg(case
                  when t.typname in ('text', 'varchar') then quote_literal('x') when t.typname in ('json', 'jsonb') then quote_literal('null')
                  when t.typname = 'uuid' then 'gen_random_uuid()' when t.typname = 'bool' then 'true' when t.typname = 'bytea' then 'decode(''00'', ''hex'')'
                  when t.typname in ('timestamptz', 'date') then 'now()' when t.typname = 'interval' then quote_literal('1 s')
                  when t.typname = 'xid8' then 'pg_current_xact_id()' else '1' end, ', ')
                into names, vals
              from pg_attribute a join pg_type t on t.oid = a.atttypid
              where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = '' and attnotnull;
              execute format('insert into {table} (%s) values (%s)', names, vals);
            end $$;
            set session_replication_role = origin
            """);
    }

    static async Task<string> FirstColumn(NpgsqlConnection connection, string table)
    {
        await using var column = new NpgsqlCommand(
            $"select quote_ident(attname) from pg_attribute where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity = '' order by attnum limit 1",
            connection);
        var first = (string)(await column.ExecuteScalarAsync(Cancellation))!;
        return $"{first} = {first}";
    }

    static async Task<IReadOnlyList<string>> Names(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var names = new List<string>();
        while (await rows.ReadAsync(Cancellation)) names.Add(rows.GetString(0));
        return names;
    }

    static async Task Execute(NpgsqlDataSource database, string sql)
    {
        await using var connection = await database.OpenConnectionAsync(Cancellation);
        await Run(connection, sql);
    }

    static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
