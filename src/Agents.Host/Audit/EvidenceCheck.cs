using System.Globalization;
using Agents.Host.Engine.Evidence;

namespace Agents.Host.Audit;

/// <summary>
/// Holds all stored facts against their hash chains, and the chains against the signed checkpoints: whether anything was changed, taken away, put in or
/// moved since it was stored. Writes nothing, and can be done beside running servers.
/// </summary>
public static class EvidenceCheck
{
    const int Batch = 200;

    /// <param name="tenant">Null for all.</param>
    /// <param name="trusted">Public keys that may have signed, by their id. Null trusts those that the database has.</param>
    /// <param name="witness">Lines of a witness file, to hold against the checkpoints. Null for none.</param>
    /// <returns>Null when the database has no chains.</returns>
    /// <exception cref="Npgsql.NpgsqlException">The database cannot be reached.</exception>
    public static async Task<VerificationReport?> Run(
        string connectionString, string? tenant, IReadOnlyDictionary<string, byte[]>? trusted, IReadOnlyList<string>? witness, CancellationToken ct)
    {
        await using var snapshot = await Snapshot.Open(connectionString, ct);
        if (!await snapshot.Value<bool>("select to_regclass('agents.evidence') is not null", null, ct)) return null;

        var at = await snapshot.Value<DateTimeOffset>("select now()", null, ct);
        var chains = new Invariant("E1", "The facts of each run are those that were stored: none changed, missing, added, moved or set to another time.");
        var signed = new Invariant("E2", "Each checkpoint is signed, none is missing, and the chains that it covers are there.");
        await foreach (var run in Runs(snapshot, tenant, ct)) chains.Check(run.Violations());
        var checkpoints = await Checkpoints(snapshot, ct);
        await CheckCheckpoints(signed, snapshot, checkpoints, trusted ?? await Keys(snapshot, ct), ct);
        if (witness is not null) CheckWitness(signed, checkpoints, witness);
        return new(at, [chains, signed]);
    }

    /// <summary>All runs that have facts or a chain, one after the other.</summary>
    internal static async IAsyncEnumerable<ChainedRun> Runs(
        Snapshot snapshot, string? tenant, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var last = (Tenant: "", Id: Guid.Empty);
        while (true)
        {
            var keys = new List<RunKey>();
            await foreach (var key in snapshot.Rows<RunKey>(
                """
                select tenant_id as tenant, id from agents.mt_streams
                where version > 0 and (@tenant is null or tenant_id = @tenant) and (tenant_id, id) > (@last_tenant, @last_id)
                union
                select tenant_id, run_id from agents.evidence
                where (@tenant is null or tenant_id = @tenant) and (tenant_id, run_id) > (@last_tenant, @last_id)
                order by tenant, id limit @batch
                """, new { tenant, lastTenant = last.Tenant, lastId = last.Id, Batch }, ct))
                keys.Add(key);
            if (keys.Count == 0) yield break;

            last = (keys[^1].Tenant, keys[^1].Id);
            foreach (var run in (await Read(snapshot, keys, ct)).Values) yield return run;
        }
    }

    internal static async Task<IReadOnlyDictionary<(string, Guid), ChainedRun>> Read(
        Snapshot snapshot, IReadOnlyList<RunKey> keys, CancellationToken ct)
    {
        var runs = keys.ToDictionary(key => (key.Tenant, key.Id), key => new ChainedRun(key.Tenant, key.Id));
        var wanted = new { tenants = keys.Select(key => key.Tenant).ToArray(), ids = keys.Select(key => key.Id).ToArray() };
        await foreach (var row in snapshot.Rows<FactRow>(
            """
            select tenant_id, stream_id as run_id, version, type, timestamp, data::text as data from agents.mt_events
            where (tenant_id, stream_id) in (select * from unnest(@tenants, @ids))
            order by version
            """, wanted, ct))
            runs[(row.TenantId, row.RunId)].Facts.Add(new(row.Version, row.Type, row.Timestamp, row.Data));
        await foreach (var row in snapshot.Rows<LinkRow>(
            """
            select tenant_id, run_id, version, hash from agents.evidence
            where (tenant_id, run_id) in (select * from unnest(@tenants, @ids))
            order by version
            """, wanted, ct))
            runs[(row.TenantId, row.RunId)].Links.Add(new(row.Version, row.Hash));
        return runs;
    }

    static async Task CheckCheckpoints(
        Invariant signed, Snapshot snapshot, IReadOnlyList<SignedCheckpoint> checkpoints, IReadOnlyDictionary<string, byte[]> keys, CancellationToken ct)
    {
        SignedCheckpoint? before = null;
        foreach (var checkpoint in checkpoints)
        {
            signed.Check(checkpoint.Violations(before, keys));
            foreach (var missing in await Missing(snapshot, checkpoint, ct)) signed.Violate(missing);
            before = checkpoint;
        }

        if (checkpoints.Count == 0) signed.Note = "no checkpoint yet: with Evidence:KeyFile the server signs them";
        else signed.Note = $"the last is {checkpoints[^1].Number}, {checkpoints[^1].At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, key {checkpoints[^1].KeyId}";
    }

    internal static async Task<Dictionary<string, byte[]>> Keys(Snapshot snapshot, CancellationToken ct)
    {
        var keys = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await foreach (var row in snapshot.Rows<KeyRow>("select id, public_key from agents.signing_key", null, ct)) keys.Add(row.Id, row.PublicKey);
        return keys;
    }

    internal static async Task<List<SignedCheckpoint>> Checkpoints(Snapshot snapshot, CancellationToken ct)
    {
        var found = new List<SignedCheckpoint>();
        await foreach (var checkpoint in snapshot.Rows<SignedCheckpoint>(
            """
            select number, at, before_tx::text::bigint as before_tx, heads, hash, key_id, signature from agents.checkpoint order by number
            """, null, ct))
            found.Add(checkpoint);
        return found;
    }

    /// <summary>Chains that a checkpoint covers and that are not there, or are others.</summary>
    static async Task<IReadOnlyList<string>> Missing(Snapshot snapshot, SignedCheckpoint checkpoint, CancellationToken ct)
    {
        var heads = checkpoint.Covered().ToList();
        var there = new Dictionary<(string, Guid, long), string>();
        await foreach (var row in snapshot.Rows<HeadRow>(
            """
            select e.tenant_id, e.run_id, e.version, encode(e.hash, 'hex') as hash from agents.evidence e
            where (e.tenant_id, e.run_id, e.version) in (select * from unnest(@tenants, @runs, @versions))
            """,
            new
            {
                tenants = heads.Select(head => head.Tenant).ToArray(), runs = heads.Select(head => head.RunId).ToArray(),
                versions = heads.Select(head => head.Version).ToArray(),
            }, ct))
            there[(row.TenantId, row.RunId, row.Version)] = row.Hash;

        return
        [
            .. from head in heads
               let hash = there.GetValueOrDefault((head.Tenant, head.RunId, head.Version))
               where hash != head.Hash
               select $"{new ChainedRun(head.Tenant, head.RunId)} had version {head.Version} at checkpoint {checkpoint.Number}, "
                   + (hash is null ? "and has it no more" : "and its chain is another now"),
        ];
    }

    static void CheckWitness(Invariant signed, IReadOnlyList<SignedCheckpoint> checkpoints, IReadOnlyList<string> witness)
    {
        var stored = checkpoints.ToDictionary(one => one.Number, one => Convert.ToHexStringLower(one.Hash));
        foreach (var line in witness.Where(line => line.Length > 0))
        {
            var parts = line.Split(' ');
            if (parts.Length < 2 || !long.TryParse(parts[0], CultureInfo.InvariantCulture, out var number))
                signed.Violate($"a line of the witness is no checkpoint: {Domain.Runs.Sanitiser.Text(line, 80)}");
            else if (stored.GetValueOrDefault(number) is var hash && hash != parts[1])
                signed.Violate($"checkpoint {number} {(hash is null ? "is missing" : "is another")}; the witness saw {parts[1]}");
        }
    }

    sealed record FactRow(string TenantId, Guid RunId, long Version, string Type, DateTimeOffset Timestamp, string Data);

    sealed record LinkRow(string TenantId, Guid RunId, long Version, byte[] Hash);

    sealed record HeadRow(string TenantId, Guid RunId, long Version, string Hash);

    sealed record KeyRow(string Id, byte[] PublicKey);
}

sealed record RunKey(string Tenant, Guid Id);
