using System.Globalization;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Evidence;

/// <summary>Signs the heads of all hash chains that have grown since the checkpoint before. One node at a time does so; any may.</summary>
public sealed class EvidenceCheckpoints(NpgsqlDataSource database, EvidenceOptions options)
{
    /// <summary>Advisory lock of the node that signs; ASCII "agntsign".</summary>
    const long SignLock = 0x61676e747369676e;

    const string Grown =
        """
        select coalesce(string_agg(line, E'\n' order by line collate "C"), '') as lines, clock_timestamp() as at
        from (
          select distinct on (e.tenant_id, e.run_id)
            e.tenant_id || ' ' || e.run_id || ' ' || e.version || ' ' || encode(e.hash, 'hex') as line
          from agents.evidence e
          where (e.tx >= @from_tx::text::xid8 and e.tx < @before_tx::text::xid8) or e.tx >= @again_from::text::xid8
          order by e.tenant_id, e.run_id, e.version desc) grown
        """;

    /// <summary>How many rows a checkpoint covers, or some more where many are of one transaction: what is left is covered by the next ones.</summary>
    public int MostRows { get; init; } = 50_000;

    /// <summary>The last checkpoint that this node's witness file has. Null until the file was looked at.</summary>
    long? witnessed;

    /// <summary>Signs what is new, and adds to the witness file what it lacks, whichever node has signed that.</summary>
    /// <returns>The number of the checkpoint. Null when nothing is new, when there is no key, and when another node signs just now.</returns>
    public async Task<long?> Sign(CancellationToken ct)
    {
        if (options.Key is not { } key) return null;

        var number = await Sign(key, ct);
        if (options.Witness is { } file) await Witness(file, ct);
        return number;
    }

    async Task<long?> Sign(SigningKey key, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await connection.First<bool>("select pg_try_advisory_xact_lock(@sign_lock)", new { SignLock }, ct)) return null;

        await connection.Execute(
            "insert into agents.signing_key (id, public_key) values (@id, @public_key) on conflict do nothing", new { key.Id, key.PublicKey }, ct);
        var last = await connection.First<Last>(
            "select number, before_tx::text::bigint as before_tx, hash from agents.checkpoint order by number desc limit 1", null, ct);
        var covered = await Span(connection, last?.BeforeTx ?? 0, ct);
        var grown = (await connection.First<Heads>(Grown, covered, ct))!;
        if (grown.Lines.Length == 0)
        {
            await transaction.CommitAsync(ct); // the key is known from its first day on
            return null;
        }

        var (number, at) = ((last?.Number ?? 0) + 1, grown.At);
        var hash = HashChain.OfCheckpoint(last?.Hash, number, at, covered.BeforeTx, grown.Lines);
        var signature = key.Sign(hash);
        await connection.Execute(
            """
            insert into agents.checkpoint (number, at, before_tx, heads, hash, key_id, signature)
            values (@number, @at, @before_tx::text::xid8, @heads, @hash, @key_id, @signature)
            """,
            new { number, at, covered.BeforeTx, heads = grown.Lines, hash, keyId = key.Id, signature }, ct);
        await transaction.CommitAsync(ct);
        return number;
    }

    /// <summary>
    /// Which transactions a checkpoint covers: those before the oldest that still goes on. What that and later ones store is covered by the next
    /// checkpoints. In a database that was restored from a dump the count of transactions has begun anew, below that of the last checkpoint: then all
    /// that there is is covered once more.
    /// </summary>
    async Task<Covered> Span(NpgsqlConnection connection, long last, CancellationToken ct)
    {
        var now = await connection.First<long>("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint", null, ct);
        var fromTx = last > now ? 0 : last;
        var bound = await connection.First<long?>(
            """
            select tx::text::bigint + 1 from agents.evidence where tx >= @from_tx::text::xid8 and tx < @now::text::xid8
            order by tx offset @most_rows limit 1
            """, new { fromTx, now, MostRows }, ct);
        return new(fromTx, bound ?? now, last > now ? last : long.MaxValue);
    }

    async Task Witness(string file, CancellationToken ct)
    {
        witnessed ??= File.Exists(file) ? File.ReadLines(file).Select(NumberOf).DefaultIfEmpty(0).Max() : 0;
        foreach (var one in await database.Query<Signed>(
            "select number, hash, key_id, signature from agents.checkpoint where number > @witnessed order by number", new { witnessed }, ct))
        {
            await File.AppendAllTextAsync(file, one.Line(), ct);
            witnessed = one.Number;
        }

        static long NumberOf(string line) => long.TryParse(line.Split(' ')[0], CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    sealed record Signed(long Number, byte[] Hash, string KeyId, byte[] Signature)
    {
        public string Line() => $"{Number} {Convert.ToHexStringLower(Hash)} {KeyId} {Convert.ToBase64String(Signature)}\n";
    }

    sealed record Last(long Number, long BeforeTx, byte[] Hash);

    /// <param name="AgainFrom">Covers all from this transaction on, too.</param>
    sealed record Covered(long FromTx, long BeforeTx, long AgainFrom);

    sealed record Heads(string Lines, DateTimeOffset At);
}
