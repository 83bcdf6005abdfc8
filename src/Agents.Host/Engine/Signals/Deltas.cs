using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Host.Engine.Deciding;
using Agents.Host.Log;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Signals;

/// <summary>
/// The texts of model calls that are under way on this node, for readers who want to see the words come. Readers here share the text itself. For readers
/// of other nodes it is written to <c>agents.delta</c>: as it grows while one of them asks for it, else once a second. No model waits for any of it.
/// </summary>
public sealed class Deltas : BackgroundService
{
    /// <summary>How long pieces are gathered before readers are woken.</summary>
    static readonly TimeSpan Coalescing = TimeSpan.FromMilliseconds(25);

    /// <summary>How often a text is written down that no other node asks for.</summary>
    static readonly TimeSpan Slowly = TimeSpan.FromSeconds(1);

    /// <summary>A node that asks repeats it every second.</summary>
    static readonly TimeSpan AskedFor = TimeSpan.FromSeconds(4);

    /// <summary>How often texts that a dead node left are looked for, and how old they must be.</summary>
    static readonly TimeSpan Sweeping = TimeSpan.FromMinutes(1);

    readonly ConcurrentDictionary<Guid, Speaking> speaking = new();
    readonly ConcurrentDictionary<Guid, long> asked = new();
    readonly ConcurrentQueue<Speaking> ended = new();
    readonly Waker grown = new();
    readonly Waker toWrite = new();
    readonly NodeSignals signals;
    readonly NpgsqlDataSource database;
    readonly ILogger<Deltas> log;
    long swept = Stopwatch.GetTimestamp();

    public Deltas(NodeSignals signals, NpgsqlDataSource database, ILogger<Deltas> log)
    {
        (this.signals, this.database, this.log) = (signals, database, log);
        signals.Followed += runId =>
        {
            if (!speaking.ContainsKey(runId)) return;
            asked[runId] = Stopwatch.GetTimestamp();
            toWrite.Wake();
        };
    }

    /// <summary>A run's text has grown on this node. Be brief and do not throw.</summary>
    public event Action<Guid>? Grown;

    /// <summary>What the model is saying on this node for a run; null when nothing.</summary>
    public ReplyText? Of(Guid runId) => speaking.GetValueOrDefault(runId)?.Text;

    /// <summary>An attempt begins; dispose it when the model has ended.</summary>
    public Speaking Begin(string tenant, Guid runId, int call, int attempt) =>
        speaking[runId] = new(this, tenant, runId, new(call, attempt));

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        Rounds.Forever("Telling readers what models say", Wake, () => grown.Wait(stoppingToken), log, stoppingToken),
        Rounds.Forever("Writing down what models say", () => Write(stoppingToken), () => toWrite.Wait(Slowly, stoppingToken), log, stoppingToken));

    async Task Wake()
    {
        await Task.Delay(Coalescing);
        var isAsked = false;
        foreach (var (runId, spoken) in speaking)
        {
            if (!spoken.IsNews()) continue;
            Grown?.Invoke(runId);
            isAsked |= IsAsked(runId);
        }

        if (isAsked) toWrite.Wake();
    }

    async Task Write(CancellationToken ct)
    {
        var pieces = new List<(Speaking Of, StreamedItem.Delta Piece)>();
        foreach (var (runId, spoken) in speaking)
            if (IsAsked(runId) || Stopwatch.GetElapsedTime(spoken.WrittenAt) > Slowly)
            {
                spoken.IsWritten = true;
                for (var at = spoken.Written; spoken.Text.From(at) is { } piece; at += piece.Text.Length) pieces.Add((spoken, piece));
            }

        if (pieces.Count > 0) await Insert(pieces, ct);
        if (!ended.IsEmpty) await Delete(ct);
        if (Stopwatch.GetElapsedTime(swept) > Sweeping) await Sweep(ct);
    }

    async Task Insert(List<(Speaking Of, StreamedItem.Delta Piece)> pieces, CancellationToken ct)
    {
        await using var insert = database.CreateCommand(
            "insert into agents.delta (tenant_id, run_id, call, attempt, begins_at, ends_at, text) select * from unnest($1, $2, $3, $4, $5, $6, $7) on conflict do nothing");
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Of.Tenant).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Of.RunId).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Call).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Attempt).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Offset).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Offset + one.Piece.Text.Length).ToArray() });
        insert.Parameters.Add(new() { Value = pieces.Select(one => one.Piece.Text).ToArray() });
        await insert.ExecuteNonQueryAsync(ct);

        foreach (var (spoken, piece) in pieces) spoken.WasWritten(piece.Offset + piece.Text.Length);
        foreach (var runId in pieces.Select(one => one.Of.RunId).Distinct())
            if (IsAsked(runId)) signals.AnnounceElsewhere(new(runId, News.Text));
    }

    async Task Delete(CancellationToken ct)
    {
        var gone = new List<Speaking>();
        while (ended.TryDequeue(out var spoken)) gone.Add(spoken);
        try
        {
            await using var delete = database.CreateCommand(
                """
                delete from agents.delta d using unnest($1, $2, $3, $4) g(tenant_id, run_id, call, attempt)
                where d.tenant_id = g.tenant_id and d.run_id = g.run_id and d.call = g.call and d.attempt = g.attempt
                """);
            delete.Parameters.Add(new() { Value = gone.Select(spoken => spoken.Tenant).ToArray() });
            delete.Parameters.Add(new() { Value = gone.Select(spoken => spoken.RunId).ToArray() });
            delete.Parameters.Add(new() { Value = gone.Select(spoken => spoken.Text.Call).ToArray() });
            delete.Parameters.Add(new() { Value = gone.Select(spoken => spoken.Text.Attempt).ToArray() });
            await delete.ExecuteNonQueryAsync(ct);
        }
        catch (NpgsqlException)
        {
            foreach (var spoken in gone) ended.Enqueue(spoken);
            throw;
        }
    }

    /// <summary>Texts whose attempt is not under way any more: their node died before it could delete them.</summary>
    async Task Sweep(CancellationToken ct)
    {
        await using var sweep = database.CreateCommand(
            """
            delete from agents.delta d where d.at < clock_timestamp() - $1 and not exists (
              select from agents.mt_doc_run r where r.tenant_id = d.tenant_id and r.id = d.run_id and r.data #>> '{modelCall,status}' = 'Started'
              and (r.data #>> '{modelCall,call}')::int = d.call and (r.data #>> '{modelCall,number}')::int = d.attempt)
            """);
        sweep.Parameters.Add(new() { Value = Sweeping });
        await sweep.ExecuteNonQueryAsync(ct);
        swept = Stopwatch.GetTimestamp();
    }

    bool IsAsked(Guid runId) => asked.TryGetValue(runId, out var at) && Stopwatch.GetElapsedTime(at) < AskedFor;

    void End(Speaking spoken)
    {
        speaking.TryRemove(new(spoken.RunId, spoken));
        asked.TryRemove(spoken.RunId, out _);
        if (!spoken.IsWritten) return;
        ended.Enqueue(spoken);
        toWrite.Wake();
    }

    /// <summary>One attempt whose text grows.</summary>
    public sealed class Speaking(Deltas deltas, string tenant, Guid runId, ReplyText text) : IDisposable
    {
        int told;

        public string Tenant => tenant;

        public Guid RunId => runId;

        public ReplyText Text => text;

        /// <summary>Something of it stands in the table, or is on its way there.</summary>
        internal volatile bool IsWritten;

        /// <summary>UTF-16 units that stand in the table.</summary>
        internal int Written { get; private set; }

        internal long WrittenAt { get; private set; } = Stopwatch.GetTimestamp();

        /// <summary>The model said this. Waits for nobody.</summary>
        public void Say(string piece)
        {
            text.Append(piece);
            deltas.grown.Wake();
        }

        internal bool IsNews()
        {
            var length = text.Length;
            var isNews = length > told;
            told = length;
            return isNews;
        }

        internal void WasWritten(int upTo) => (Written, WrittenAt) = (upTo, Stopwatch.GetTimestamp());

        public void Dispose() => deltas.End(this);
    }
}
