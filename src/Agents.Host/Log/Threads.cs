using System.Text.Json;
using Agents.Domain.Runs;
using Npgsql;

namespace Agents.Host.Log;

/// <summary>What was said in the runs before one of a thread. They have ended before it begins, so what is read here never changes.</summary>
public sealed class Threads(NpgsqlDataSource database)
{
    /// <summary>Earlier runs that are read, the latest.</summary>
    const int MostRuns = 20;

    /// <summary>The questions and answers of the runs before this one, oldest first, within <see cref="EarlierMessage"/>'s bounds. Runs without an answer are left out.</summary>
    /// <param name="history">Of the run, from its first fact.</param>
    public async Task<IReadOnlyList<EarlierMessage>> Before(string tenant, IReadOnlyList<RunEvent> history, CancellationToken ct)
    {
        if (history is not [RunQueued { Previous: { } previous }, ..]) return [];

        await using var command = database.CreateCommand(
            """
            with recursive before (run_id, data, depth) as (
              select stream_id, data, 1 from agents.mt_events where tenant_id = $1 and stream_id = $2 and version = 1
              union all
              select e.stream_id, e.data, b.depth + 1 from before b
              join agents.mt_events e on e.tenant_id = $1 and e.stream_id = (b.data ->> 'previous')::uuid and e.version = 1
              where b.depth < $3)
            select b.data::text, s.answer from before b join agents.run_summary s on s.tenant_id = $1 and s.run_id = b.run_id
            order by b.depth desc
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = previous });
        command.Parameters.Add(new() { Value = MostRuns });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var said = new List<EarlierMessage>();
        while (await rows.ReadAsync(ct))
        {
            if (JsonSerializer.Deserialize<RunQueued>(rows.GetString(0), EventView.StoredFormat) is not { } queued) continue;
            said.AddRange(queued.Brief?.Earlier ?? []);
            if (rows.IsDBNull(1)) continue;
            said.Add(new(Speaker.User, queued.Question));
            said.Add(new(Speaker.Assistant, rows.GetString(1)));
        }

        return EarlierMessage.Latest(said);
    }
}
