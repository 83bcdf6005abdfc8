using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Log;

/// <summary>What was said in the runs before one of a thread. They have ended before it begins, so what is read here never changes.</summary>
public sealed class Threads(NpgsqlDataSource database)
{
    /// <summary>Earlier runs that are read, the latest.</summary>
    const int MostRuns = 20;

    /// <summary>
    /// The questions and answers of the runs before this one, oldest first, within <see cref="EarlierMessage"/>'s bounds. Runs without an answer are
    /// left out.
    /// </summary>
    public Task<IReadOnlyList<EarlierMessage>> Before(string tenant, RunQueued first, CancellationToken ct) => Before(
        (sql, values) => database.Stream<Earlier>(sql, values, ct), tenant, first);

    /// <summary>The same from a connection, such as one that sees the database as it stood at one moment.</summary>
    public static Task<IReadOnlyList<EarlierMessage>> Before(NpgsqlConnection connection, string tenant, RunQueued first, CancellationToken ct) => Before(
        (sql, values) => connection.Stream<Earlier>(sql, values, ct), tenant, first);

    static async Task<IReadOnlyList<EarlierMessage>> Before(
        Func<string, object, IAsyncEnumerable<Earlier>> query, string tenant, RunQueued first)
    {
        if (first.Previous is not { } previous) return [];

        var runs = query(
            """
            with recursive before (run_id, data, depth) as (
              select stream_id, data, 1 from agents.mt_events
              where tenant_id = @tenant and stream_id = @previous and version = 1
              union all
              select e.stream_id, e.data, b.depth + 1 from before b
              join agents.mt_events e on e.tenant_id = @tenant and e.stream_id = (b.data ->> 'previous')::uuid and e.version = 1
              where b.depth < @most_runs)
            select b.data::text as queued, s.answer from before b
            join agents.run_summary s on s.tenant_id = @tenant and s.run_id = b.run_id
            order by b.depth desc
            """, new { tenant, previous, MostRuns });

        var said = new List<EarlierMessage>();
        await foreach (var run in runs)
        {
            if (JsonSerializer.Deserialize<RunQueued>(run.Queued, EventView.StoredFormat) is not { } queued) continue;
            said.AddRange(queued.Brief?.Earlier ?? []);
            if (run.Answer is null) continue;
            said.Add(new(Speaker.User, queued.Question));
            said.Add(new(Speaker.Assistant, run.Answer));
        }

        return EarlierMessage.Latest(said);
    }

    readonly record struct Earlier(string Queued, string? Answer);
}
