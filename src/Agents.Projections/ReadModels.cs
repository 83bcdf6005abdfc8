using System.Text.Json;
using Agents.Domain.Runs;
using JasperFx.Events;
using JasperFx.Events.Projections;
using JasperFx.MultiTenancy;
using Marten;
using Weasel.Core;

namespace Agents.Projections;

/// <summary>Registers what is stored and what is read: names of facts, inline projections, the scripts that make their tables.</summary>
public static class ReadModels
{
    /// <summary>Schema of facts, checkpoints and read models; what finance reads is in <c>finance</c>.</summary>
    public const string Schema = "agents";

    static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web);

    /// <param name="fairnessKey">The label of a run by which slots are shared within its tenant. Null means none.</param>
    public static void AddRunStore(this StoreOptions store, string? fairnessKey = null)
    {
        store.DatabaseSchemaName = Schema;
        store.UseSystemTextJsonForSerialization(EnumStorage.AsString, Casing.CamelCase);
        store.Events.TenancyStyle = TenancyStyle.Conjoined;
        store.Policies.AllDocumentsAreMultiTenanted();
        // An append locks the stream before it compares the version, so that rows are always locked in one order: stream, checkpoint, read models.
        store.Events.UseExclusiveLockOnConcurrentAppends = true;
        foreach (var (type, name) in EventNames.All) store.Events.MapEventType(type, name);

        // In this order within a transaction: the cost ledger reads what the summaries wrote.
        store.Schema.For<Run>().UseNumericRevisions(true);
        store.Projections.Add(new Checkpoints(), ProjectionLifecycle.Inline, Checkpoints.Name, options => options.DeleteViewTypeOnTeardown<Run>());
        store.Projections.Add(
            new RunSummaries(), ProjectionLifecycle.Inline, RunSummaries.Name, options => options.DeleteDataInTableOnTeardown(RunSummaries.Table));
        store.Projections.Add(new RunQueue(fairnessKey), ProjectionLifecycle.Inline);
        store.Projections.Add(new ForkHolds(), ProjectionLifecycle.Inline);
        store.Projections.Add(new Timeline(), ProjectionLifecycle.Inline, Timeline.Name, options => options.DeleteDataInTableOnTeardown(Timeline.Table));
        store.Projections.Add(new CostLedger(), ProjectionLifecycle.Inline);
        store.Projections.Add(new BudgetLedger(), ProjectionLifecycle.Inline);
    }

    /// <summary>Tables before what refers to them. Functions are looked up when they run: they may call those of later scripts.</summary>
    static readonly string[] ScriptNames =
    [
        "Runs.sql",
        "Streams.sql",
        "Responses.sql",
        "Changes.sql",
        "Agents.sql",
        "Queue/Queue.sql",
        "Queue/Limits.sql",
        "Queue/Nodes.sql",
        "Queue/Shares.sql",
        "Queue/Admission.sql",
        "Queue/Rates.sql",
        "Duties.sql",
        "Batches.sql",
        "Schedules.sql",
        "Finance/Prices.sql",
        "Finance/Ledger.sql",
        "Finance/Days.sql",
        "Finance/RunDays.sql",
        "Finance/Costs.sql",
        "Finance/Waste.sql",
        "Finance/Charges.sql",
        "Finance/Budgets.sql",
        "Finance/BudgetEvents.sql",
        "Finance/Reservations.sql",
        "Finance/BudgetWaits.sql",
        "Finance/Usage.sql",
        "Knowledge.sql",
        "Keys.sql",
        "Bounds.sql",
        "Citations.sql",
    ];

    /// <summary>The SQL that makes the tables of this assembly, in order. Each may be run again at any time.</summary>
    public static IEnumerable<string> Scripts() => ScriptNames.Select(Script);

    /// <summary>The same for what is added to the tables that the event store makes, after it has made them.</summary>
    public static IEnumerable<string> ScriptsOfStore() => [Script("Evidence.sql")];

    /// <summary>One of the scripts.</summary>
    public static string Script(string name)
    {
        var script = typeof(ReadModels).Assembly.GetManifestResourceStream(name) ?? throw new ArgumentException(name, nameof(name));
        using var reader = new StreamReader(script);
        return reader.ReadToEnd();
    }

    internal static string Json<T>(T value) => JsonSerializer.Serialize(value, Format);

    internal static object Nullable(object? value) => value ?? DBNull.Value;
}
