using System.Runtime.CompilerServices;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Projections;
using Marten;
using Npgsql;

namespace Agents.Host.Audit;

/// <summary>Reads run after run from a snapshot, a batch in memory at a time.</summary>
/// <param name="hasBudgets">Whether reservations are to be read, too.</param>
sealed class StoredRuns(Snapshot snapshot, ISerializer json, bool hasBudgets = false)
{
    const int Batch = 100;

    /// <summary>Marten's own stream, which fills numbers of appends that failed, stays at version 0.</summary>
    const string NextBatch =
        """
        select tenant_id, id, version from agents.mt_streams
        where version > 0 and ($1::text is null or tenant_id = $1) and (tenant_id, id) > ($2, $3)
        order by tenant_id, id limit $4
        """;

    static readonly Dictionary<string, Type> Types = EventNames.All.ToDictionary(name => name.Value, name => name.Key);

    /// <param name="tenant">Null for all.</param>
    public async IAsyncEnumerable<StoredRun> All(string? tenant, [EnumeratorCancellation] CancellationToken ct)
    {
        var last = (Tenant: "", Id: Guid.Empty);
        while (true)
        {
            var runs = new Dictionary<(string Tenant, Guid Id), StoredRun>();
            await foreach (var row in snapshot.Rows(NextBatch, ct, tenant, last.Tenant, last.Id, Batch))
                runs.Add(last = (row.GetString(0), row.GetGuid(1)), new(row.GetString(0), row.GetGuid(1), row.GetInt64(2)));
            if (runs.Count == 0) yield break;

            await Fill(runs, ct);
            foreach (var run in runs.Values) yield return run;
        }
    }

    async Task Fill(IReadOnlyDictionary<(string, Guid), StoredRun> runs, CancellationToken ct)
    {
        await Each("version, type, timestamp, data from agents.mt_events", "stream_id", "order by version", (run, row) => run.Add(FactOf(row)));
        await Each("data::text from agents.mt_doc_run", "id", "", (run, row) => run.Checkpoint = row.GetString(2));
        await Each("state from agents.run_queue", "run_id", "", (run, row) => run.QueueState = row.GetString(2));
        await Each("version, type from agents.timeline", "run_id", "order by version", (run, row) => run.Timeline.Add((row.GetInt64(2), row.GetString(3))));
        await Each(
            "status, step, model_calls, input_tokens, cached_input_tokens, cache_write_5_minutes_tokens, cache_write_1_hour_tokens, output_tokens, "
            + "reasoning_tokens, audio_input_tokens, audio_output_tokens, web_searches, cost_usd, unpriced_calls from agents.run_summary", "run_id", "",
            (run, row) => run.Summary = new(
                row.GetString(2), row.GetInt32(3), row.GetInt32(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7), row.GetInt64(8),
                row.GetInt64(9), row.GetInt64(10), row.GetInt64(11), row.GetInt64(12), row.GetInt64(13), row.GetDecimal(14), row.GetInt32(15)));
        if (hasBudgets)
            await Each(
                "call, attempt, scope || ' ' || value || ' ' || period, state, upper_usd, charged_usd from finance.reservation", "run_id", "order by call, attempt, scope, value, period",
                (run, row) => run.Reservations.Add(new(row.GetInt32(2), row.GetInt32(3), row.GetString(4), row.GetString(5), row.GetDecimal(6), row.GetDecimal(7))));
        await Each(
            "version, day, call, attempt, status, model, cost_usd, low_usd, high_usd from finance.model_call", "run_id", "order by version",
            (run, row) => run.Money.Add(new(
                row.GetInt64(2), row.GetFieldValue<DateOnly>(3), row.GetInt32(4), row.GetInt32(5), row.GetString(6),
                Get<string?>(row, 7), Get<decimal?>(row, 8), Get<decimal?>(row, 9), Get<decimal?>(row, 10))));

        async Task Each(string columns, string id, string order, Action<StoredRun, NpgsqlDataReader> read)
        {
            var rows = snapshot.Rows(
                $"select tenant_id, {id}, {columns} where (tenant_id, {id}) in (select * from unnest($1::text[], $2::uuid[])) {order}", ct,
                runs.Keys.Select(key => key.Item1).ToArray(), runs.Keys.Select(key => key.Item2).ToArray());
            await foreach (var row in rows) read(runs[(row.GetString(0), row.GetGuid(1))], row);
        }
    }

    StoredFact FactOf(NpgsqlDataReader row)
    {
        var (version, type, at) = (row.GetInt64(2), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4));
        try
        {
            return new(version, type, at, Types.GetValueOrDefault(type) is { } known ? (RunEvent)json.FromJson(known, row, 5) : null);
        }
        catch (JsonException)
        {
            return new(version, type, at, null);
        }
    }

    static T? Get<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? default : row.GetFieldValue<T>(column);
}
