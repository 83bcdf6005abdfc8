using Agents.Host.Engine.Signals;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>A limit and how far it is used.</summary>
/// <param name="Scope">overall, or tenant, agent, model, provider, key or node, a colon and a name.</param>
/// <param name="MaxRuns">Runs that hold a slot at once, over all nodes; of a node, its slots, but never more than <c>Workers:MaxRuns</c>. Null means no limit.</param>
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
    public async Task<IReadOnlyList<LimitView>> List(Scope? scope, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select scope, value, max_runs, weight, running, changed_by, changed_at from agents.admission_use
            where $1::text is null or scope = $1 and value = $2 order by scope <> 'overall', scope, value
            """);
        command.Parameters.Add(new() { Value = scope is null ? DBNull.Value : scope.Kind, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = scope?.Value ?? "" });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var limits = new List<LimitView>();
        while (await rows.ReadAsync(ct))
            limits.Add(new(
                new Scope(rows.GetString(0), rows.GetString(1)).ToString(), rows.IsDBNull(2) ? null : rows.GetInt32(2), rows.IsDBNull(3) ? null : rows.GetDouble(3),
                rows.GetInt32(4), rows.GetString(5), rows.GetFieldValue<DateTimeOffset>(6)));
        return limits;
    }

    public async Task Set(Scope scope, int? maxRuns, double? weight, string by, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            insert into agents.admission_limit (scope, value, max_runs, weight, changed_by) values ($1, $2, $3, $4, $5)
            on conflict (scope, value) do update set max_runs = $3, weight = $4, changed_by = $5, changed_at = clock_timestamp()
            """);
        command.Parameters.Add(new() { Value = scope.Kind });
        command.Parameters.Add(new() { Value = scope.Value });
        command.Parameters.Add(new() { Value = (object?)maxRuns ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = (object?)weight ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Double });
        command.Parameters.Add(new() { Value = by });
        await command.ExecuteNonQueryAsync(ct);
        signals.WakeAdmissionEverywhere();
    }

    /// <returns>False when there was none.</returns>
    public async Task<bool> Remove(Scope scope, CancellationToken ct)
    {
        await using var command = database.CreateCommand("delete from agents.admission_limit where scope = $1 and value = $2");
        command.Parameters.Add(new() { Value = scope.Kind });
        command.Parameters.Add(new() { Value = scope.Value });
        if (await command.ExecuteNonQueryAsync(ct) == 0) return false;
        signals.WakeAdmissionEverywhere();
        return true;
    }
}
