using Npgsql;

namespace Agents.Host.Knowledge;

/// <summary>Keeps, per tenant, in how many passages each stem occurs: what makes a rare word count more than a common one.</summary>
/// <remarks>An estimate: after single documents it is counted anew only when a twentieth of the passages has changed.</remarks>
sealed class WordCounts(NpgsqlDataSource database)
{
    const int AlwaysExactUpTo = 500;

    /// <summary>Counts anew when it is due.</summary>
    /// <param name="isExact">Whether any difference makes it due.</param>
    public async Task Refresh(string tenant, bool isExact, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);

        // One count per tenant at a time; a second one would wait for the rows of the first.
        await Execute("select pg_advisory_xact_lock(hashtextextended('agents.word_count/' || $1, 0))", tenant);
        if (!isExact && !await IsDue(connection, transaction, tenant, ct)) return;

        await Execute("delete from agents.word_count where tenant_id = $1", tenant);
        await Execute(
            """
            insert into agents.word_count (tenant_id, word, passages)
            select $1, w.lexeme, count(*) from agents.passage p, unnest(p.words) w
            where p.tenant_id = $1 and p.words is not null group by w.lexeme
            """, tenant);
        await Execute(
            """
            insert into agents.collection (tenant_id, passages, average_length)
            select $1, count(*), coalesce(avg(length), 1) from agents.passage where tenant_id = $1 and words is not null
            on conflict (tenant_id) do update set
                passages = excluded.passages, average_length = excluded.average_length, counted_at = clock_timestamp()
            """, tenant);
        await transaction.CommitAsync(ct);

        async Task Execute(string sql, string value)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction) { Parameters = { new() { Value = value } } };
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    static async Task<bool> IsDue(NpgsqlConnection connection, NpgsqlTransaction transaction, string tenant, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            select n.passages <= $2 or abs(n.passages - coalesce(c.passages, 0)) * 20 > coalesce(c.passages, 0)
            from (select coalesce(sum(v.passages), 0) as passages from agents.document d
                  join agents.document_version v on v.document_id = d.id and v.number = d.latest_version
                  where d.tenant_id = $1 and d.deleted_at is null) n
            left join agents.collection c on c.tenant_id = $1
            """, connection, transaction) { Parameters = { new() { Value = tenant }, new() { Value = AlwaysExactUpTo } } };
        return await command.ExecuteScalarAsync(ct) is true;
    }
}
