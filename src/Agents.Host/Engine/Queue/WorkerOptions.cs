using System.Globalization;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Queue;

/// <summary>Settings of section <c>Workers</c>.</summary>
public sealed record WorkerOptions
{
    /// <summary>The bounds of a weight: a share a thousand times smaller, or larger, than that of others.</summary>
    public const double LeastWeight = 0.001, MostWeight = 1000;

    const int MostQueuedRuns = 10_000_000;
    /// <summary>Below it, the weight of each tenant by its name.</summary>
    public const string WeightsKey = "Workers:Weights";

    static readonly NumberSetting Slots = new("Workers:MaxRuns", Default: 32, Least: 0, Most: 1000);
    static readonly NumberSetting Queued = new("Workers:MaxQueued", Default: 100_000, Least: 0, Most: MostQueuedRuns);
    static readonly NumberSetting QueuedPerTenant = new("Workers:MaxQueuedPerTenant", Default: 50_000, Least: 0, Most: MostQueuedRuns);
    static readonly NumberSetting Aging = new("Workers:AgingSeconds", Default: 60, Least: 0, Most: 86_400);
    static readonly TextSetting Fairness = new("Workers:FairnessKey", "none", "a label");
    static readonly TimeSetting Tool = new("Workers:ToolTimeout", TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
    static readonly TimeSetting Watchdog = new(
        "Workers:WatchdogEvery", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
    static readonly TimeSetting Stalled = new("Workers:StalledAfter", TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
    static readonly TimeSetting Drain = new("Workers:DrainTimeout", TimeSpan.FromSeconds(30), TimeSpan.Zero, TimeSpan.FromMinutes(10));

    public static IReadOnlyList<Setting> Settings => [Slots, Queued, QueuedPerTenant, Aging, Fairness, Tool, Watchdog, Stalled, Drain];

    /// <summary>Runs that this node works on at once; 0 makes a node that only answers questions.</summary>
    public int MaxRuns { get; init; } = Slots.Default;

    /// <summary>The most one tool call may take.</summary>
    public TimeSpan ToolTimeout { get; init; } = Tool.Default;

    /// <summary>How often the watchdog looks for runs of dead nodes, overdue runs and lost messages.</summary>
    public TimeSpan WatchdogEvery { get; init; } = Watchdog.Default;

    /// <summary>A run of this node that has shown no new fact for so long, and has nothing in flight here, is sent its work again.</summary>
    public TimeSpan StalledAfter { get; init; } = Stalled.Default;

    /// <summary>How long a stopping node waits for its work to end before it hands it over.</summary>
    public TimeSpan DrainTimeout { get; init; } = Drain.Default;

    /// <summary>Runs that may wait for a slot before new ones are refused with 429, over all tenants. 0 means no bound.</summary>
    public int MaxQueued { get; init; } = Queued.Default;

    /// <summary>The same for each tenant alone.</summary>
    public int MaxQueuedPerTenant { get; init; } = QueuedPerTenant.Default;

    /// <summary>A waiting run rises by one level of priority for each so many seconds. 0 means never.</summary>
    public int AgingSeconds { get; init; } = Aging.Default;

    /// <summary>
    /// The label of a run, in its metadata, by which the slots of a tenant are shared within it, and which limits of scope <c>key</c> count. Null means
    /// none.
    /// </summary>
    public string? FairnessKey { get; init; }

    /// <summary>
    /// The share of slots a tenant has beside others, by its name, 0.001 to 1,000. Tenants that are not named have 1; what is set over HTTP comes
    /// first.
    /// </summary>
    public IReadOnlyDictionary<string, double> Weights { get; init; } = new Dictionary<string, double>();

    /// <exception cref="StartRefusedException">A value is no number or time, or out of range; the message names the key.</exception>
    public static WorkerOptions From(IConfiguration configuration)
    {
        var options = new WorkerOptions
        {
            MaxRuns = Slots.Read(configuration),
            ToolTimeout = Tool.Read(configuration),
            WatchdogEvery = Watchdog.Read(configuration),
            StalledAfter = Stalled.Read(configuration),
            DrainTimeout = Drain.Read(configuration),
            MaxQueued = Queued.Read(configuration),
            MaxQueuedPerTenant = QueuedPerTenant.Read(configuration),
            AgingSeconds = Aging.Read(configuration),
            FairnessKey = Fairness.Read(configuration),
            Weights = configuration.GetSection(WeightsKey).GetChildren().ToDictionary(tenant => tenant.Key, WeightOf),
        };
        if (QueuedPerTenant.IsSet(configuration) && options.MaxQueued > 0 && options.MaxQueuedPerTenant > options.MaxQueued)
            throw QueuedPerTenant.Refusal(
                $"is {options.MaxQueuedPerTenant}, above {Queued.Key}, which is {options.MaxQueued}: no tenant could ever reach it. "
                + $"Lower it, or raise {Queued.Key}.");
        return options;
    }

    static double WeightOf(IConfigurationSection tenant) =>
        double.TryParse(tenant.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && weight is >= LeastWeight and <= MostWeight
            ? weight
            : throw new TextSetting($"{WeightsKey}:{tenant.Key}", "1", "a number")
                .Refusal(FormattableString.Invariant($"is '{tenant.Value}'; it must be a number from {LeastWeight} to {MostWeight:N0}."));
}
