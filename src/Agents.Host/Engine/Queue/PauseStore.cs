using Agents.Host.Engine.Signals;
using Agents.Host.Http;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>Where no run is given a slot.</summary>
/// <param name="Scope">all, or tenant, agent or node, a colon and a name.</param>
/// <param name="PausedBy">The operator who set it as it is now.</param>
/// <param name="PausedAt">When.</param>
/// <param name="PausedByKey">The id of the key with which it was set. Null when the server needed none.</param>
/// <param name="ByPlatform">The platform set it; a tenant's administrator cannot change or lift it.</param>
public sealed record PauseView(string Scope, string Reason, string PausedBy, DateTimeOffset PausedAt, string? PausedByKey, bool ByPlatform);

/// <summary>Pauses of admission. Every admission reads them anew, so they count at once on all nodes; runs that have a slot go on.</summary>
public sealed class PauseStore(NpgsqlDataSource database, NodeSignals signals)
{
    /// <summary>Kinds of scope that have a name.</summary>
    public static readonly IReadOnlyList<string> Named = ["tenant", "agent", "node"];

    public const string Whole = "all";

    /// <summary>
    /// Those that the caller may see: a tenant its own, and those for all runs and of agents, which hold its runs back, too.
    /// </summary>
    public async Task<IReadOnlyList<PauseView>> List(Caller caller, CancellationToken ct)
    {
        var (own, all) = (Scope.Of(caller).ToString(), await List((Scope?)null, ct));
        return caller.IsPlatform ? all : [.. all.Where(pause => pause.Scope == own || pause.Scope == Whole || IsOfAgent(pause))];

        static bool IsOfAgent(PauseView pause) => pause.Scope.StartsWith("agent:", StringComparison.Ordinal);
    }

    /// <param name="scope">Null for all.</param>
    public async Task<IReadOnlyList<PauseView>> List(Scope? scope, CancellationToken ct) => await database.Query<PauseView>(
        """
        select concat_ws(':', p.scope, nullif(p.value, '')) as scope, p.reason, p.paused_by, p.paused_at,
          p.paused_by_key, p.by_platform
        from agents.admission_pause p
        where @kind is null or p.scope = @kind and p.value = @value
        order by p.scope <> 'all', p.scope, p.value
        """, new { scope?.Kind, scope?.Value }, ct);

    /// <returns>False when the platform has set one there and the caller is not of the platform: nothing is changed then.</returns>
    public async Task<bool> Set(Scope scope, string reason, Caller by, CancellationToken ct) => await database.Execute(
        """
        with changed as (
          insert into agents.admission_pause as p (scope, value, reason, paused_by, paused_by_key, by_platform)
          values (@kind, @value, @reason, @name, @key_id, @is_platform)
          on conflict (scope, value) do update
          set reason = @reason, paused_by = @name, paused_by_key = @key_id, by_platform = @is_platform, paused_at = clock_timestamp()
          where @is_platform or not p.by_platform
          returning *)
        insert into agents.change (tenant_id, kind, subject, change, by, by_key)
        select @tenant, 'pause', @subject, concat_ws(': ', 'set', nullif(@reason, '')), @name, @key_id from changed
        """, Parameters(scope, by, reason), ct) > 0;

    /// <returns>False when there was none that the caller may lift.</returns>
    public async Task<bool> Remove(Scope scope, Caller by, CancellationToken ct)
    {
        var removed = await database.Execute(
            """
            with removed as (
              delete from agents.admission_pause p
              where p.scope = @kind and p.value = @value and (@is_platform or not p.by_platform)
              returning *)
            insert into agents.change (tenant_id, kind, subject, change, by, by_key)
            select @tenant, 'pause', @subject, 'lifted', @name, @key_id from removed
            """, Parameters(scope, by, reason: ""), ct);
        if (removed == 0) return false;
        signals.WakeAdmissionEverywhere();
        return true;
    }

    static object Parameters(Scope scope, Caller by, string reason) => new
    {
        scope.Kind, scope.Value, reason, by.Name, by.KeyId, by.IsPlatform, tenant = scope.Tenant(), subject = scope.ToString(),
    };
}
