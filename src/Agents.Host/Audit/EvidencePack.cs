using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Engine.Evidence;
using Agents.Host.Platform;
using Agents.Projections;
using Marten;

namespace Agents.Host.Audit;

/// <summary>
/// A file with which somebody who has no access to the database, and no trust in who has, can prove runs: facts as they were stored, hash chains,
/// signed checkpoints, definitions and prices. The first line has the SHA-256 of the second, which has all the rest.
/// </summary>
public static class EvidencePack
{
    const string Format = "agents-evidence-1";

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Runs with the histories that they continue.</summary>
    /// <param name="runs">Null means all that were queued since <paramref name="since"/>.</param>
    /// <returns>How many runs the file has. Null when the database has no chains.</returns>
    public static async Task<int?> Write(
        string connectionString, IReadOnlyList<Guid>? runs, DateTimeOffset? since, string? tenant, Stream file, CancellationToken ct)
    {
        await using var snapshot = await Snapshot.Open(connectionString, ct);
        if (!await snapshot.Value<bool>("select to_regclass('agents.evidence') is not null", null, ct)) return null;

        var keys = new List<RunKey>();
        await foreach (var key in snapshot.Rows<RunKey>(
            """
            with recursive wanted (tenant, id) as (
              select s.tenant_id, s.run_id from agents.run_summary s
              where (@runs is null or s.run_id = any(@runs)) and (@since is null or s.queued_at >= @since)
                and (@tenant is null or s.tenant_id = @tenant)
              union
              select s.tenant_id, s.forked_from from wanted w
              join agents.run_summary s on s.tenant_id = w.tenant and s.run_id = w.id and s.forked_from is not null)
            select tenant, id from wanted order by tenant, id
            """, new { runs = runs?.ToArray(), since, tenant }, ct))
            keys.Add(key);

        var found = (await EvidenceCheck.Read(snapshot, keys, ct)).Values.ToList();
        var checkpoints = await EvidenceCheck.Checkpoints(snapshot, ct);
        var definitions = new SortedDictionary<string, string>(StringComparer.Ordinal);
        await foreach (var row in snapshot.Rows<DefinitionRow>(
            "select hash, body from agents.definition where hash in (select definition_hash from agents.run_summary where run_id = any(@ids))",
            new { ids = keys.Select(key => key.Id).ToArray() }, ct))
            definitions[row.Hash] = row.Body;
        var prices = await snapshot.Value<string>(
            """
            select coalesce(jsonb_agg(to_jsonb(p) order by p.version, p.model, p.service_tier, p.above_tokens), '[]')::text
            from finance.price p join finance.price_list l using (version)
            where l.tenant_id is null or l.tenant_id = any(@tenants)
            """, new { tenants = keys.Select(key => key.Tenant).Distinct().ToArray() }, ct);

        var body = JsonSerializer.SerializeToUtf8Bytes(new Pack(
            await snapshot.Value<DateTimeOffset>("select now()", null, ct), [.. found.Select(run => new PackedRun(run.Tenant, run.Id, run.Facts, run.Links))],
            checkpoints, await EvidenceCheck.Keys(snapshot, ct), definitions, JsonSerializer.Deserialize<JsonElement>(prices)), Json);
        await file.WriteAsync(
            JsonSerializer.SerializeToUtf8Bytes(new Manifest(Format, Convert.ToHexStringLower(SHA256.HashData(body))), Json), ct);
        await file.WriteAsync("\n"u8.ToArray(), ct);
        await file.WriteAsync(body, ct);
        return found.Count;
    }

    /// <summary>Proves a file by itself: no server and no database.</summary>
    /// <param name="trusted">Public keys that may have signed, by their id. Null trusts those in the file, which proves less.</param>
    /// <exception cref="InvalidDataException">This is no such file.</exception>
    public static VerificationReport Check(byte[] file, IReadOnlyDictionary<string, byte[]>? trusted)
    {
        var whole = new Invariant("P1", "The file is as it was written.");
        var chains = new Invariant("P2", "The facts of each run are those that were stored, by its hash chain.");
        var signed = new Invariant("P3", "Each checkpoint is signed, none is missing, and they cover the runs of the file.");
        var decided = new Invariant("P4", "Every decision follows from the outcomes that were recorded, by the definition that the run obeys.");

        var end = Array.IndexOf(file, (byte)'\n');
        if (end < 0 || Read<Manifest>(file.AsSpan(0, end)) is not { Format: Format } manifest) throw new InvalidDataException("This is no evidence pack.");

        var body = file.AsSpan(end + 1);
        whole.Check(Convert.ToHexStringLower(SHA256.HashData(body)) == manifest.Sha256 ? [] : ["its SHA-256 is not that of its first line"]);
        if (Read<Pack>(body) is not { Runs: not null, Checkpoints: not null, Keys: not null, Definitions: not null } pack)
        {
            whole.Violate("it cannot be read");
            return new(default, [whole, chains, signed, decided]);
        }

        try
        {
            Check(pack, whole, chains, signed, decided, trusted);
        }
        catch (Exception e) when (e is not OutOfMemoryException) // A file of somebody else may have anything in it, also what makes the rules throw.
        {
            whole.Violate("it has not the form of an evidence pack");
        }

        return new(pack.At, [whole, chains, signed, decided]);
    }

    static void Check(
        Pack pack, Invariant whole, Invariant chains, Invariant signed, Invariant decided, IReadOnlyDictionary<string, byte[]>? trusted)
    {
        foreach (var (hash, definition) in pack.Definitions)
            if (Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(definition))) != hash) whole.Violate($"definition {hash} is another");

        var runs = pack.Runs.Select(run => run.Chained()).ToList();
        foreach (var run in runs) chains.Check(run.Violations());
        CheckSignatures(signed, pack, runs, trusted);
        CheckDecisions(decided, pack, runs);
    }

    static void CheckSignatures(Invariant signed, Pack pack, IReadOnlyList<ChainedRun> runs, IReadOnlyDictionary<string, byte[]>? trusted)
    {
        SignedCheckpoint? before = null;
        var covered = new Dictionary<(string, Guid), (long Version, string Hash)>();
        foreach (var checkpoint in pack.Checkpoints)
        {
            signed.Check(checkpoint.Violations(before, trusted ?? pack.Keys));
            foreach (var head in checkpoint.Covered()) covered[(head.Tenant, head.RunId)] = (head.Version, head.Hash);
            before = checkpoint;
        }

        var uncovered = 0;
        foreach (var run in runs)
        {
            if (!covered.TryGetValue((run.Tenant, run.Id), out var head))
            {
                uncovered++;
                continue;
            }

            var link = run.Links.Find(link => link.Version == head.Version);
            if (link is null) signed.Violate($"{run} had version {head.Version} when it was signed, and has it no more");
            else if (Convert.ToHexStringLower(link.Hash) != head.Hash) signed.Violate($"{run} has a chain up to version {head.Version} that is not what was signed");
            else if (run.Links[^1].Version > head.Version) uncovered++;
        }

        signed.Note = $"{(trusted is null ? "by keys in the file" : "by keys that were given")}"
            + (uncovered > 0 ? $"; {uncovered} of {runs.Count} runs are not covered, or not to their end" : "");
    }

    static void CheckDecisions(Invariant decided, Pack pack, IReadOnlyList<ChainedRun> chained)
    {
        var store = new StoreOptions();
        store.AddRunStore();
        var json = store.Serializer();
        var runs = new Dictionary<(string, Guid), StoredRun>();
        foreach (var one in chained)
        {
            var run = new StoredRun(one.Tenant, one.Id, one.Facts.Count);
            foreach (var fact in one.Facts) run.Add(StoredFact.Of(fact.Version, fact.Type, fact.At, Encoding.UTF8.GetBytes(fact.Data), json));
            runs[(one.Tenant, one.Id)] = run;
        }

        var definitions = new Dictionary<string, AgentDefinition>(StringComparer.Ordinal);
        foreach (var (hash, text) in pack.Definitions)
            if (Read<AgentDefinition>(Encoding.UTF8.GetBytes(text), StoredDefinitions.Format) is { } definition) definitions.Add(hash, definition);
        foreach (var run in runs.Values)
            decided.Check(run.Broken is { } broken ? [$"{run}: {broken}"] : DecisionCheck.In(run, definitions, OriginOf(run)));

        (Run, IReadOnlyList<RunEvent>)? OriginOf(StoredRun run) =>
            run.Facts is [{ Happened: RunQueued { ForkedFrom: { } from } }, ..] && runs.GetValueOrDefault((run.Tenant, from.Run)) is { Broken: null } origin
                ? (origin.States[(int)Math.Min(from.Version, origin.Facts.Count)], [.. origin.Facts.Take((int)from.Version).Select(fact => fact.Happened!)])
                : null;
    }

    /// <summary>Null when it cannot be read.</summary>
    static T? Read<T>(ReadOnlySpan<byte> json, JsonSerializerOptions? format = null) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, format ?? Json);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }

    sealed record Manifest(string Format, string Sha256);

    sealed record DefinitionRow(string Hash, string Body);

    sealed record Pack(
        DateTimeOffset At, IReadOnlyList<PackedRun> Runs, IReadOnlyList<SignedCheckpoint> Checkpoints, IReadOnlyDictionary<string, byte[]> Keys,
        IReadOnlyDictionary<string, string> Definitions, JsonElement Prices);

    sealed record PackedRun(string Tenant, Guid Id, IReadOnlyList<ChainedFact> Facts, IReadOnlyList<ChainLink> Chain)
    {
        public ChainedRun Chained()
        {
            var run = new ChainedRun(Tenant, Id);
            run.Facts.AddRange(Facts);
            run.Links.AddRange(Chain);
            return run;
        }
    }
}
