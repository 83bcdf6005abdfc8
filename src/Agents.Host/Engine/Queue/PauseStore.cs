using Agents.Host.Engine.Signals;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>Where no run is given a slot.</summary>
/// <param name="Scope">all, or tenant, agent or node, a colon and a name.</param>
/// <param name="PausedBy">The operator who set it as it is now.</param>
/// <param name="PausedAt">When.</param>
public sealed record PauseView(string Scope, string Reason, string PausedBy, DateTimeOffset PausedAt);

/// <summary>Pauses of admission. Every admission reads them anew, so they count at once on all nodes; runs that have a slot go on.</summary>
public sealed class PauseStore(NpgsqlDataSource database, NodeSignals signals)
{
    /// <summary>Kinds of scope that have a name.</summary>
    public static readonly IReadOnlyList<string> Named = ["tenant", "agent", "node"];

    public const string Whole = "all";

    /// <param name="scope">Null for all.</param>
    public async Task<IReadOnlyList<PauseView>> List(Scope? scope, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select scope, value, reason, paused_by, paused_at from agents.admission_pause
            where $1::text is null or scope = $1 and value = $2 order by scope <> 'all', scope, value
            """);
        command.Parameters.Add(new() { Value = scope is null ? DBNull.Value : scope.Kind, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = scope?.Value ?? "" });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var pauses = new List<PauseView>();
        while (await rows.ReadAsync(ct))
            pauses.Add(new(new Scope(rows.GetString(0), rows.GetString(1)).ToString(), rows.GetString(2), rows.GetString(3), rows.GetFieldValue<DateTimeOffset>(4)));
        return pauses;
    }

    public async Task Set(Scope scope, string reason, string by, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            insert into agents.admission_pause (scope, value, reason, paused_by) values ($1, $2, $3, $4)
            on conflict (scope, value) do update set reason = excluded.reason, paused_by = excluded.paused_by, paused_at = clock_timestamp()
            """);
        foreach (var value in new[] { scope.Kind, scope.Value, reason, by }) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <returns>False when there was none.</returns>
    public async Task<bool> Remove(Scope scope, CancellationToken ct)
    {
        await using var command = database.CreateCommand("delete from agents.admission_pause where scope = $1 and value = $2");
        foreach (var value in new[] { scope.Kind, scope.Value }) command.Parameters.Add(new() { Value = value });
        if (await command.ExecuteNonQueryAsync(ct) == 0) return false;
        signals.WakeAdmissionEverywhere();
        return true;
    }
}
