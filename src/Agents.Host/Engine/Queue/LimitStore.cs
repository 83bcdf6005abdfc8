using Agents.Host.Engine.Signals;
using Agents.Host.Http;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>A limit and how far it is used.</summary>
/// <param name="Scope">overall, or tenant, agent, model, provider, key or node, a colon and a name.</param>
/// <param name="MaxRuns">
/// Runs that hold a slot at once, over all nodes; of a node, its slots, but never more than <c>Workers:MaxRuns</c>. Null means no limit.
/// </param>
/// <param name="Weight">Share of slots beside others. Null means what the configuration says, else 1.</param>
/// <param name="Running">Runs that hold a slot now.</param>
/// <param name="ChangedByKey">The id of the key with which it was set. Null when the server needed none.</param>
public sealed record LimitView(
    string Scope, int? MaxRuns, double? Weight, int Running, string ChangedBy, DateTimeOffset ChangedAt, string? ChangedByKey);

/// <summary>The limits on runs at once, and the weights by which slots are shared. Every admission reads them anew.</summary>
public sealed class LimitStore(NpgsqlDataSource database, NodeSignals signals)
{
    /// <summary>Kinds of scope that have a name.</summary>
    public static readonly IReadOnlyList<string> Named = ["tenant", "agent", "model", "provider", "key", "node"];

    public const string Whole = "overall";

    /// <summary>Those that the caller may see: a tenant its own alone, because the others tell of other tenants.</summary>
    public Task<IReadOnlyList<LimitView>> List(Caller caller, CancellationToken ct) =>
        List(caller.IsPlatform ? null : Scope.Of(caller), ct);

    /// <param name="scope">Null for all.</param>
    public async Task<IReadOnlyList<LimitView>> List(Scope? scope, CancellationToken ct) => await database.Query<LimitView>(
        """
        select concat_ws(':', u.scope, nullif(u.value, '')) as scope, u.max_runs, u.weight, u.running, u.changed_by, u.changed_at,
          u.changed_by_key
        from agents.admission_use u
        where @kind is null or u.scope = @kind and u.value = @value
        order by u.scope <> 'overall', u.scope, u.value
        """, new { scope?.Kind, scope?.Value }, ct);

    public async Task Set(Scope scope, int? maxRuns, double? weight, Actor by, CancellationToken ct)
    {
        await database.Execute(
            """
            with changed as (
              insert into agents.admission_limit (scope, value, max_runs, weight, changed_by, changed_by_key)
              values (@kind, @value, @max_runs, @weight, @name, @key_id)
              on conflict (scope, value) do update
              set max_runs = @max_runs, weight = @weight, changed_by = @name, changed_by_key = @key_id, changed_at = clock_timestamp())
            insert into agents.change (tenant_id, kind, subject, change, by, by_key)
            values (@tenant, 'limit', @subject,
              concat_ws(', ', 'set', 'maxRuns ' || @max_runs::text, 'weight ' || @weight::text), @name, @key_id)
            """, new { scope.Kind, scope.Value, maxRuns, weight, by.Name, by.KeyId, tenant = scope.Tenant(), subject = scope.ToString() }, ct);
        signals.WakeAdmissionEverywhere();
    }

    /// <returns>False when there was none.</returns>
    public async Task<bool> Remove(Scope scope, Actor by, CancellationToken ct)
    {
        var removed = await database.Execute(
            """
            with removed as (delete from agents.admission_limit where scope = @kind and value = @value returning *)
            insert into agents.change (tenant_id, kind, subject, change, by, by_key)
            select @tenant, 'limit', @subject, 'removed', @name, @key_id from removed
            """, new { scope.Kind, scope.Value, by.Name, by.KeyId, tenant = scope.Tenant(), subject = scope.ToString() }, ct);
        if (removed == 0) return false;
        signals.WakeAdmissionEverywhere();
        return true;
    }
}
