using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Projections;
using Marten;

namespace Agents.Host.Audit;

/// <summary>All that the database holds about one run: its facts, and every row that was made from them.</summary>
/// <param name="Head">The version its stream says it has.</param>
sealed record StoredRun(string Tenant, Guid Id, long Head)
{
    readonly List<Run> states = [Run.Before(Id)];

    public List<StoredFact> Facts { get; } = [];

    /// <summary>The checkpoint as JSON. Null when there is none.</summary>
    public string? Checkpoint { get; set; }

    /// <summary>The row of <c>agents.run_summary</c>. Null when there is none.</summary>
    public SummaryRow? Summary { get; set; }

    /// <summary>The state in <c>agents.run_queue</c>. Null when the run has no row there.</summary>
    public string? QueueState { get; set; }

    public List<MoneyRow> Money { get; } = [];

    public List<ReservationRow> Reservations { get; } = [];

    public List<(long Version, string Type)> Timeline { get; } = [];

    /// <summary>Why the facts make no run. Null when they do.</summary>
    public string? Broken { get; private set; }

    /// <summary>The run before each fact, and last as it is now. Shorter when the facts make no run.</summary>
    public IReadOnlyList<Run> States => states;

    /// <summary>The run as its facts tell it. Null when they make none.</summary>
    public Run? Folded => Broken is null ? states[^1] : null;

    /// <summary>The fact, its version and the run it happened to, in order, as far as the facts make a run.</summary>
    public IEnumerable<(Run Before, StoredFact Fact)> History => states.Zip(Facts);

    public override string ToString() => Tenant == "default" ? $"run {Id}" : $"run {Id} of {Tenant}";

    public void Add(StoredFact fact)
    {
        Facts.Add(fact);
        if (Broken is not null) return;
        if (fact.Happened is not { } happened)
        {
            Broken = $"{fact} cannot be read";
            return;
        }

        try
        {
            states.Add(Run.Evolve(states[^1], happened));
        }
        catch (Exception e) when (e is KeyNotFoundException or OverflowException or ArgumentException or NullReferenceException)
        {
            Broken = $"{fact} does not fit what went before";
        }
    }
}

/// <param name="Happened">Null when the stored JSON is no such fact.</param>
sealed record StoredFact(long Version, string Type, DateTimeOffset At, RunEvent? Happened)
{
    static readonly Dictionary<string, Type> Types = EventNames.All.ToDictionary(name => name.Value, name => name.Key);

    public static StoredFact Of(long version, string type, DateTimeOffset at, byte[] data, ISerializer json)
    {
        try
        {
            return new(version, type, at, Types.GetValueOrDefault(type) is { } known ? (RunEvent)json.FromJson(known, new MemoryStream(data)) : null);
        }
        catch (JsonException)
        {
            return new(version, type, at, null);
        }
    }

    public override string ToString() => $"version {Version} ({Type})";
}

/// <summary>What <c>agents.run_summary</c> says that can be folded from facts.</summary>
sealed record SummaryRow(string Status, int Step, int ModelCalls, Usage Usage, decimal CostUsd, int UnpricedCalls)
{
    public static SummaryRow Of(Run run) =>
        new(run.Status.ToString().ToLowerInvariant(), run.Step, run.ModelCalls, run.Usage, run.CostUsd, run.UnpricedCalls);
}

/// <summary>What an attempt holds or has cost in one budget.</summary>
sealed record ReservationRow(int Call, int Attempt, string Budget, string State, decimal UpperUsd, decimal ChargedUsd)
{
    public override string ToString() =>
        FormattableString.Invariant($"attempt {Attempt} of call {Call} {State} in {Budget}, up to {UpperUsd} USD, charged {ChargedUsd}");
}

/// <summary>One outcome of a model call as money: a fact, or its row in <c>finance.model_call</c>.</summary>
sealed record MoneyRow(
    long Version, DateOnly Day, int Call, int Attempt, string Status, string? Model, Usage? Usage, decimal? CostUsd,
    decimal? LowUsd = null, decimal? HighUsd = null)
{
    /// <summary>What the facts of one run say about money, in their order.</summary>
    public static IEnumerable<MoneyRow> AllOf(IEnumerable<StoredFact> facts)
    {
        var asked = new Dictionary<(int Call, int Attempt), string>();
        foreach (var fact in facts)
        {
            var day = DateOnly.FromDateTime(fact.At.UtcDateTime);
            if (fact.Happened is ModelCallScheduled scheduled) asked[(scheduled.Call, scheduled.Attempt)] = scheduled.Model;
            MoneyRow? row = fact.Happened switch
            {
                ModelCallCompleted e => new(fact.Version, day, e.Call, e.Attempt, "completed", e.Reply.Model, e.Usage, e.Cost?.Usd),
                ModelCallFailed e => new(
                    fact.Version, day, e.Call, e.Attempt, "failed", asked.GetValueOrDefault((e.Call, e.Attempt)), e.Usage, e.Cost?.Usd),
                ModelCallOutcomeUnknown e => new(
                    fact.Version, day, e.Call, e.Attempt, "unknown", asked.GetValueOrDefault((e.Call, e.Attempt)), null, null, e.LowUsd, e.HighUsd),
                SpendResolved e => new(
                    fact.Version, day, e.Call, e.Attempt, "resolved", asked.GetValueOrDefault((e.Call, e.Attempt)), null, e.ActualUsd),
                _ => null, // not about money
            };
            if (row is not null) yield return row;
        }
    }
}
