using Agents.Host.Platform;
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
        await connection.Execute("select pg_advisory_xact_lock(hashtextextended('agents.word_count/' || @tenant, 0))", new { tenant }, ct);
        if (!isExact && !await IsDue(connection, tenant, ct)) return;

        await connection.Execute("delete from agents.word_count where tenant_id = @tenant", new { tenant }, ct);
        await connection.Execute(
            """
            insert into agents.word_count (tenant_id, word, passages)
            select @tenant, w.lexeme, count(*) from agents.passage p, unnest(p.words) w
            where p.tenant_id = @tenant and p.words is not null
            group by w.lexeme
            """, new { tenant }, ct);
        await connection.Execute(
            """
            insert into agents.collection (tenant_id, passages, average_length)
            select @tenant, count(*), coalesce(avg(length), 1) from agents.passage
            where tenant_id = @tenant and words is not null
            on conflict (tenant_id) do update
            set passages = excluded.passages, average_length = excluded.average_length, counted_at = clock_timestamp()
            """, new { tenant }, ct);
        await transaction.CommitAsync(ct);
    }

    static Task<bool> IsDue(NpgsqlConnection connection, string tenant, CancellationToken ct) => connection.First<bool>(
        """
        select n.passages <= @always_exact_up_to or abs(n.passages - coalesce(c.passages, 0)) * 20 > coalesce(c.passages, 0)
        from (select coalesce(sum(v.passages), 0) as passages from agents.document d
              join agents.document_version v on v.document_id = d.id and v.number = d.latest_version
              where d.tenant_id = @tenant and d.deleted_at is null) n
        left join agents.collection c on c.tenant_id = @tenant
        """, new { tenant, AlwaysExactUpTo }, ct);
}
