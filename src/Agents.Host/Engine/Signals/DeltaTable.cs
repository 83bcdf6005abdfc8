using Agents.Host.Log;
using Npgsql;

namespace Agents.Host.Engine.Signals;

/// <summary>The table <c>agents.delta</c>: what models are saying, for readers of other nodes.</summary>
sealed class DeltaTable(NpgsqlDataSource database)
{
    public async Task Insert(IReadOnlyCollection<(OpenReply Of, StreamedItem.Delta Piece)> pieces, CancellationToken ct)
    {
        await using var insert = database.CreateCommand(
            """
            insert into agents.delta (tenant_id, run_id, call, attempt, begins_at, ends_at, text)
            select * from unnest($1, $2, $3, $4, $5, $6, $7)
            on conflict do nothing
            """);
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Of.Tenant).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Of.RunId).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Call).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Attempt).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Offset).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Offset + one.Piece.Text.Length).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Text).ToArray() });
        await insert.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Deletes the texts of attempts that have ended.</summary>
    public async Task Delete(IReadOnlyCollection<OpenReply> ended, CancellationToken ct)
    {
        await using var delete = database.CreateCommand(
            """
            delete from agents.delta d using unnest($1, $2, $3, $4) g(tenant_id, run_id, call, attempt)
            where d.tenant_id = g.tenant_id and d.run_id = g.run_id and d.call = g.call and d.attempt = g.attempt
            """);
        delete.Parameters.Add(new() { Value = ended.Select(reply => reply.Tenant).ToArray() });
        delete.Parameters.Add(new() { Value = ended.Select(reply => reply.RunId).ToArray() });
        delete.Parameters.Add(new() { Value = ended.Select(reply => reply.Text.Call).ToArray() });
        delete.Parameters.Add(new() { Value = ended.Select(reply => reply.Text.Attempt).ToArray() });
        await delete.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Deletes texts whose attempt is not under way any more: their node died before it could delete them.</summary>
    /// <param name="age">How old they must be.</param>
    public async Task Sweep(TimeSpan age, CancellationToken ct)
    {
        await using var sweep = database.CreateCommand(
            """
            delete from agents.delta d where d.at < clock_timestamp() - $1 and not exists (
              select from agents.mt_doc_run r where r.tenant_id = d.tenant_id and r.id = d.run_id and r.data #>> '{modelCall,status}' = 'Started'
              and (r.data #>> '{modelCall,call}')::int = d.call and (r.data #>> '{modelCall,number}')::int = d.attempt)
            """);
        sweep.Parameters.Add(new() { Value = age });
        await sweep.ExecuteNonQueryAsync(ct);
    }
}
