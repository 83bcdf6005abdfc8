using Agents.Host.Engine.Signals;
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
public sealed record LimitView(string Scope, int? MaxRuns, double? Weight, int Running, string ChangedBy, DateTimeOffset ChangedAt);

/// <summary>The limits on runs at once, and the weights by which slots are shared. Every admission reads them anew.</summary>
public sealed class LimitStore(NpgsqlDataSource database, NodeSignals signals)
{
    /// <summary>Kinds of scope that have a name.</summary>
    public static readonly IReadOnlyList<string> Named = ["tenant", "agent", "model", "provider", "key", "node"];

    public const string Whole = "overall";

    /// <param name="scope">Null for all.</param>
    public async Task<IReadOnlyList<LimitView>> List(Scope? scope, CancellationToken ct) => await database.Query<LimitView>(
        """
        select concat_ws(':', u.scope, nullif(u.value, '')) as scope, u.max_runs, u.weight, u.running, u.changed_by, u.changed_at
        from agents.admission_use u
        where @kind is null or u.scope = @kind and u.value = @value
        order by u.scope <> 'overall', u.scope, u.value
        """, new { scope?.Kind, scope?.Value }, ct);

    public async Task Set(Scope scope, int? maxRuns, double? weight, string by, CancellationToken ct)
    {
        await database.Execute(
            """
            insert into agents.admission_limit (scope, value, max_runs, weight, changed_by)
            values (@kind, @value, @max_runs, @weight, @by)
            on conflict (scope, value) do update
            set max_runs = @max_runs, weight = @weight, changed_by = @by, changed_at = clock_timestamp()
            """, new { scope.Kind, scope.Value, maxRuns, weight, by }, ct);
        signals.WakeAdmissionEverywhere();
    }

    /// <returns>False when there was none.</returns>
    public async Task<bool> Remove(Scope scope, CancellationToken ct)
    {
        var removed = await database.Execute(
            "delete from agents.admission_limit where scope = @kind and value = @value", new { scope.Kind, scope.Value }, ct);
        if (removed == 0) return false;
        signals.WakeAdmissionEverywhere();
        return true;
    }
}
