using Agents.Host.Engine.Signals;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>Where no run is given a slot.</summary>
/// <param name="Scope">all, or tenant, agent or node, a colon and a name.</param>
public sealed record PauseView(string Scope, string Reason, string PausedBy, DateTimeOffset PausedAt);

/// <summary>Pauses of admission. Every admission reads them anew, so they count at once on all nodes; runs that have a slot go on.</summary>
public sealed class PauseStore(NpgsqlDataSource database, NodeSignals signals)
{
    /// <summary>Kinds of scope that have a name.</summary>
    public static readonly IReadOnlyList<string> Named = ["tenant", "agent", "node"];

    public const string Whole = "all";

    /// <param name="scope">Null for all.</param>
    public async Task<IReadOnlyList<PauseView>> List(Scope? scope, CancellationToken ct) => await database.Query<PauseView>(
        """
        select concat_ws(':', p.scope, nullif(p.value, '')) as scope, p.reason, p.paused_by, p.paused_at from agents.admission_pause p
        where @kind is null or p.scope = @kind and p.value = @value
        order by p.scope <> 'all', p.scope, p.value
        """, new { scope?.Kind, scope?.Value }, ct);

    public Task Set(Scope scope, string reason, string by, CancellationToken ct) => database.Execute(
        """
        insert into agents.admission_pause (scope, value, reason, paused_by)
        values (@kind, @value, @reason, @by)
        on conflict (scope, value) do update set reason = @reason
        """, new { scope.Kind, scope.Value, reason, by }, ct);

    /// <returns>False when there was none.</returns>
    public async Task<bool> Remove(Scope scope, CancellationToken ct)
    {
        var removed = await database.Execute(
            "delete from agents.admission_pause where scope = @kind and value = @value", new { scope.Kind, scope.Value }, ct);
        if (removed == 0) return false;
        signals.WakeAdmissionEverywhere();
        return true;
    }
}
