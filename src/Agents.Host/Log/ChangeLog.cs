using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Log;

/// <summary>A change of a document, a dead letter, a limit, a pause, a rate or a node.</summary>
/// <param name="Id">In the order of the changes.</param>
/// <param name="Tenant">Whose the changed thing is. Null for what all tenants share.</param>
/// <param name="Kind">document, dead_letter, limit, pause, rate or node.</param>
/// <param name="Subject">The id or name of the changed thing.</param>
/// <param name="Change">In words, such as <c>deleted</c> or <c>set, maxRuns 4</c>.</param>
/// <param name="ByKey">The id of the key. Null when the server needed none, and for what the server did by itself.</param>
public sealed record ChangeView(
    long Id, DateTimeOffset At, string? Tenant, string Kind, string Subject, string Change, string By, string? ByKey);

/// <summary>Who changed what.</summary>
public sealed class ChangeLog(NpgsqlDataSource database)
{
    /// <summary>Newest first.</summary>
    /// <param name="withShared">Whether changes of what tenants share, and of what they are granted, are among them.</param>
    /// <param name="before">Older than this change. Null for the newest.</param>
    public async Task<IReadOnlyList<ChangeView>> List(string tenant, bool withShared, long? before, int limit, CancellationToken ct) =>
        await database.Query<ChangeView>(
            """
            select id, at, tenant_id as tenant, kind, subject, change, by, by_key from agents.change
            where (tenant_id = @tenant or @with_shared and kind in ('limit', 'pause', 'rate', 'node')) and (@before is null or id < @before)
            order by id desc limit @limit
            """, new { tenant, withShared, before, limit }, ct);
}
