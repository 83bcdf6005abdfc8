using Agents.Projections;
using Marten;

namespace Agents.Host.Audit;

/// <summary>
/// Reads a whole database as it stood at one moment and tells whether it is sound: nothing lost, nothing done twice, nothing spent unseen.
/// Writes nothing, and can be done at any time beside running servers.
/// </summary>
public static class Verification
{
    /// <param name="ledger">The file of a provider, or of a proxy before it, that wrote down each request. Null leaves I6 out.</param>
    /// <param name="tenant">Null for all.</param>
    /// <returns>Null when the database has no tables of Agents.</returns>
    /// <exception cref="Npgsql.NpgsqlException">The database cannot be reached.</exception>
    public static async Task<VerificationReport?> Run(string connectionString, string? ledger, string? tenant, CancellationToken ct)
    {
        await using var snapshot = await Snapshot.Open(connectionString, ct);
        var isThere = await snapshot.Value<bool>(
            "select to_regclass('agents.mt_streams') is not null and to_regclass('wolverine.wolverine_nodes') is not null", null, ct);
        if (!isThere) return null;

        var at = await snapshot.Value<DateTimeOffset>("select now()", null, ct);
        var store = new StoreOptions();
        store.AddRunStore();
        var json = store.Serializer();
        var hasBudgets = await snapshot.Value<bool>("select to_regclass('finance.reservation') is not null", null, ct); // not before this version
        var (definitions, log) = (await StoredDefinitions.All(snapshot, ct), new SnapshotLog(snapshot, json));

        Invariant accepted = AcceptedRuns.Invariant(), steps = CommittedSteps.Invariant(), versions = Versions.Invariant(),
            folded = FoldedState.Invariant(), money = Money.Invariant(), asked = ProviderLedger.Invariant(),
            budgets = Budgets.Invariant(), timeline = TimelineRows.Invariant(),
            messages = Messages.Invariant(), living = LivingRuns.Invariant(), decisions = DecisionCheck.Invariant(), prompts = SentPrompts.Invariant();
        var sums = new Money();
        var requests = ledger is null ? null : await ProviderLedger.Read(ledger, asked, ct);

        await foreach (var run in new StoredRuns(snapshot, json, hasBudgets).All(tenant, ct))
        {
            accepted.Check(AcceptedRuns.In(run));
            steps.Check(CommittedSteps.In(run, definitions));
            versions.Check(Versions.In(run));
            folded.Check(FoldedState.In(run, json));
            money.Check(sums.In(run));
            budgets.Check(Budgets.In(run, definitions));
            timeline.Check(TimelineRows.In(run));
            decisions.Check(await DecisionCheck.In(run, definitions, log, ct));
            prompts.Check(await SentPrompts.In(run, definitions, log, ct));
            foreach (var violation in requests?.In(run) ?? []) asked.Violate(violation);
        }

        await AcceptedRuns.Check(accepted, snapshot, tenant, ct);
        await Versions.Check(versions, snapshot, tenant, ct);
        if (hasBudgets) await Budgets.Check(budgets, snapshot, tenant, ct);
        await sums.Check(money, snapshot, tenant, ct);
        await TimelineRows.Check(timeline, snapshot, tenant, ct);
        var hasNodes = await LivingRuns.HasNodes(snapshot, ct);
        await Messages.Check(messages, snapshot, hasNodes, ct);
        await LivingRuns.Check(living, snapshot, hasNodes, tenant, ct);
        requests?.Check(asked, isWhole: tenant is null);

        return new(at, requests is null
            ? [accepted, steps, versions, folded, money, budgets, timeline, messages, living, decisions, prompts]
            : [accepted, steps, versions, folded, money, asked, budgets, timeline, messages, living, decisions, prompts]);
    }
}

/// <summary>What a verification found.</summary>
/// <param name="At">The moment whose state was looked at, by the database's clock.</param>
public sealed record VerificationReport(DateTimeOffset At, IReadOnlyList<Invariant> Invariants)
{
    public bool Holds => Invariants.All(invariant => invariant.Violations == 0);
}
