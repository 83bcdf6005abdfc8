using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace Agents.Benchmarks;

/// <summary>The rows of one no-op step, written by bare Npgsql into copies of the same tables: what the database alone makes possible.</summary>
static class Floor
{
    const string Schema = "floor";

    static readonly string[] Tables =
        ["agents.mt_streams", "agents.mt_events", "agents.mt_doc_run", "agents.run_summary", "agents.timeline"];

    /// <summary>Steps per second.</summary>
    public static async Task<double> Measure(BenchmarkServer server, int steps, int atOnce)
    {
        await server.Execute($"drop schema if exists {Schema} cascade");
        await server.Execute($"create schema {Schema}");
        foreach (var table in Tables)
            await server.Execute($"create table {Schema}.{table.Split('.')[1]} (like {table} including all)");

        // One finished run is the pattern; every worker copies its rows under ids of its own.
        var pattern = await server.Scalar<Guid>("select run_id from agents.run_summary where agent = 'idler' and finished_at is not null limit 1");
        var events = await server.Scalar<string[]>(
            $"select array_agg(data::text order by version) from agents.mt_events where stream_id = '{pattern}' and version between 6 and 9");
        var checkpoint = await server.Scalar<string>($"select data::text from agents.mt_doc_run where id = '{pattern}'");

        var (left, started) = (steps, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(_ => Task.Run(async () =>
        {
            await using var connection = await server.Database.OpenConnectionAsync();
            var run = await Begin(connection, checkpoint);
            for (var version = 0; Interlocked.Decrement(ref left) >= 0; version += events.Length)
                await Step(connection, run, version, events, checkpoint);
        })));
        return Math.Round(steps / Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    static async Task<Guid> Begin(NpgsqlConnection connection, string checkpoint)
    {
        var run = Guid.CreateVersion7();
        await using var batch = new NpgsqlBatch(connection);
        Add(batch, $"insert into {Schema}.mt_streams (tenant_id, id, type, version) values ('default', $1, 'run', 0)", run);
        Add(batch, $"insert into {Schema}.mt_doc_run (tenant_id, id, data) values ('default', $1, $2::jsonb)", run, checkpoint);
        Add(
            batch,
            $"insert into {Schema}.run_summary (tenant_id, run_id, agent, agent_version, status, priority, question, requested_by, model, max_duration, queued_at) "
            + "values ('default', $1, 'idler', 1, 'running', 5, 'q', 'b', 'm', interval '1 hour', now())", run);
        await batch.ExecuteNonQueryAsync();
        return run;
    }

    static async Task Step(NpgsqlConnection connection, Guid run, int version, string[] events, string checkpoint)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var read = new NpgsqlBatch(connection, transaction))
        {
            Add(read, $"select version from {Schema}.mt_streams where tenant_id = 'default' and id = $1 for update", run);
            Add(read, $"select data from {Schema}.mt_doc_run where tenant_id = 'default' and id = $1", run);
            await read.ExecuteNonQueryAsync();
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        for (var n = 0; n < events.Length; n++)
            Add(batch, $"insert into {Schema}.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type) "
                + "values (nextval('agents.mt_events_sequence'), $1, $2, $3, $4::jsonb, 'step_completed', now(), 'default', 'x')",
                Guid.CreateVersion7(), run, (long)(version + n + 1), events[n]);
        Add(batch, $"update {Schema}.mt_streams set version = $2, timestamp = now() where tenant_id = 'default' and id = $1", run,
            (long)(version + events.Length));
        Add(batch, $"update {Schema}.mt_doc_run set data = $2::jsonb, mt_last_modified = now() where tenant_id = 'default' and id = $1", run,
            checkpoint);
        Add(batch, $"update {Schema}.run_summary set step = step + 1, step_name = 'step' where tenant_id = 'default' and run_id = $1", run);
        for (var n = 0; n < 4; n++)
            Add(
                batch,
                $"insert into {Schema}.timeline (tenant_id, run_id, version, at, type, step, name, detail) values ('default', $1, $2, now(), 'step_completed', 1, 'step', 'done')",
                run, (long)(version + n + 1));
        await batch.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(value is string ? new() { Value = value, NpgsqlDbType = NpgsqlDbType.Text } : new() { Value = value });
        batch.BatchCommands.Add(command);
    }
}
