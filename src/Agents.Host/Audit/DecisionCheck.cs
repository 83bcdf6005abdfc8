using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Projections;
using Marten;

namespace Agents.Host.Audit;

/// <summary>
/// I14: each decision of a run is what the rules of this build decide from the outcomes that were recorded, with the definition that the run obeys.
/// </summary>
public static class DecisionCheck
{
    internal static Invariant Invariant() => new("I14", "Every decision follows from the outcomes that were recorded.");

    /// <summary>Checks all runs, and reads nothing but their facts. Calls no model and no tool, and writes nothing.</summary>
    /// <param name="tenant">Null for all.</param>
    /// <param name="since">Only runs that were queued then or later. Null for all.</param>
    /// <returns>Null when the database has no tables of Agents.</returns>
    /// <exception cref="Npgsql.NpgsqlException">The database cannot be reached.</exception>
    public static async Task<VerificationReport?> Run(string connectionString, string? tenant, DateTimeOffset? since, CancellationToken ct)
    {
        await using var snapshot = await Snapshot.Open(connectionString, ct);
        if (!await snapshot.Value<bool>("select to_regclass('agents.mt_streams') is not null", null, ct)) return null;

        var at = await snapshot.Value<DateTimeOffset>("select now()", null, ct);
        var store = new StoreOptions();
        store.AddRunStore();
        var json = store.Serializer();
        var (definitions, log, decisions) = (await StoredDefinitions.All(snapshot, ct), new SnapshotLog(snapshot, json), Invariant());
        await foreach (var run in new StoredRuns(snapshot, json, isFactsOnly: true).All(tenant, ct, since))
            decisions.Check(await In(run, definitions, log, ct));
        return new(at, [decisions]);
    }

    /// <summary>Reads the run that a fork continues, too.</summary>
    internal static async Task<IReadOnlyList<string>> In(
        StoredRun run, IReadOnlyDictionary<string, AgentDefinition> definitions, SnapshotLog log, CancellationToken ct)
    {
        var origin = run.Facts is [{ Happened: RunQueued { ForkedFrom: { } from } }, ..] ? await log.Load(run.Tenant, from.Run, ct, from.Version) : null;
        return In(run, definitions, origin is null ? null : (origin.Run, origin.Events()));
    }

    /// <param name="origin">For a fork the run that it continues, as it was then, with its facts. Null when it is no fork, and when that run is not there.</param>
    internal static IReadOnlyList<string> In(
        StoredRun run, IReadOnlyDictionary<string, AgentDefinition> definitions, (Run Run, IReadOnlyList<RunEvent> Facts)? origin)
    {
        if (run.Folded is null || run.Facts is not [{ Happened: RunQueued queued }, ..]) return []; // I1 and I4 say so
        if (!definitions.TryGetValue(queued.DefinitionHash, out var agent))
            return [$"{run} obeys the definition {queued.DefinitionHash}, which is not stored"];

        Divergence? found;
        try
        {
            found = DecisionReplay.Check(run.Id, [.. run.Facts.Select(fact => fact.Happened!)], agent, origin);
        }
        catch (Exception e) when (e is NullReferenceException or ArgumentException or KeyNotFoundException or InvalidOperationException or FormatException
            or OverflowException)
        {
            return [$"{run} has facts of which no rule can decide anything: they were changed"];
        }

        if (found is not { } divergence) return [];

        var decided = divergence.Decided.Count > 0 ? Text(divergence.Decided[0]) : "nothing that brings it";
        var stored = divergence.Stored is { } fact ? Text(fact) : "nothing";
        return [$"{run} has {stored} at version {divergence.Version}; the rules decide {decided}"];
    }

    static string Text(RunEvent fact)
    {
        const int ShownCharacters = 160;
        return $"{EventNames.All[fact.GetType()]} {Sanitiser.Text(JsonSerializer.Serialize(fact, fact.GetType(), Log.EventView.StoredFormat), ShownCharacters)}";
    }
}
