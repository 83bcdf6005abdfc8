using Agents.Host.Log;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Signals;

/// <summary>The table <c>agents.delta</c>: what models are saying, for readers of other nodes.</summary>
sealed class DeltaTable(NpgsqlDataSource database)
{
    public Task Insert(IReadOnlyCollection<(OpenReply Of, StreamedItem.Delta Piece)> pieces, CancellationToken ct) => database.Execute(
        """
        insert into agents.delta (tenant_id, run_id, call, attempt, begins_at, ends_at, text)
        select * from unnest(@tenants, @run_ids, @calls, @attempts, @begins, @ends, @texts)
        on conflict do nothing
        """,
        new
        {
            tenants = pieces.Select(one => one.Of.Tenant).ToArray(),
            runIds = pieces.Select(one => one.Of.RunId).ToArray(),
            calls = pieces.Select(one => one.Piece.Call).ToArray(),
            attempts = pieces.Select(one => one.Piece.Attempt).ToArray(),
            begins = pieces.Select(one => one.Piece.Offset).ToArray(),
            ends = pieces.Select(one => one.Piece.Offset + one.Piece.Text.Length).ToArray(),
            texts = pieces.Select(one => one.Piece.Text).ToArray(),
        }, ct);

    /// <summary>Deletes the texts of attempts that have ended.</summary>
    public Task Delete(IReadOnlyCollection<OpenReply> ended, CancellationToken ct) => database.Execute(
        """
        delete from agents.delta d using unnest(@tenants, @run_ids, @calls, @attempts) g(tenant_id, run_id, call, attempt)
        where d.tenant_id = g.tenant_id and d.run_id = g.run_id and d.call = g.call and d.attempt = g.attempt
        """,
        new
        {
            tenants = ended.Select(reply => reply.Tenant).ToArray(),
            runIds = ended.Select(reply => reply.RunId).ToArray(),
            calls = ended.Select(reply => reply.Text.Call).ToArray(),
            attempts = ended.Select(reply => reply.Text.Attempt).ToArray(),
        }, ct);

    /// <summary>Deletes texts whose attempt is not under way any more: their node died before it could delete them.</summary>
    /// <param name="age">How old they must be.</param>
    public Task Sweep(TimeSpan age, CancellationToken ct) => database.Execute(
        """
        delete from agents.delta d
        where d.at < clock_timestamp() - @age and not exists (
          select from agents.mt_doc_run r
          where r.tenant_id = d.tenant_id and r.id = d.run_id and r.data #>> '{modelCall,status}' = 'Started'
            and (r.data #>> '{modelCall,call}')::int = d.call and (r.data #>> '{modelCall,number}')::int = d.attempt)
        """, new { age }, ct);
}
