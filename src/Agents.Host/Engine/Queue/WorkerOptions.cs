using Agents.Host.Platform;

namespace Agents.Host.Engine.Queue;

/// <summary>Settings of section <c>Workers</c>. Times are written like <c>00:01:30</c>.</summary>
public sealed record WorkerOptions
{
    const int MostQueued = 10_000_000;

    /// <summary>Runs that this node works on at once. 0 to 1,000; 0 makes a node that only answers questions.</summary>
    public int MaxRuns { get; init; } = 32;

    /// <summary>The most one tool call may take. From a second to an hour.</summary>
    public TimeSpan ToolTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the watchdog looks for runs of dead nodes, overdue runs and lost messages. From 0.1 s to a minute.</summary>
    public TimeSpan WatchdogEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A run of this node that has shown no new fact for so long, and has nothing in flight here, is sent its work again. From a second to an hour.</summary>
    public TimeSpan StalledAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a stopping node waits for its work to end before it hands it over. 0 to ten minutes.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Runs that may wait for a slot before new ones are refused with 429, over all tenants. 0 means no bound.</summary>
    public int MaxQueued { get; init; } = 100_000;

    /// <summary>The same for each tenant alone.</summary>
    public int MaxQueuedPerTenant { get; init; } = 50_000;

    /// <summary>A waiting run rises by one level of priority for each so many seconds. 0 to a day; 0 means never.</summary>
    public int AgingSeconds { get; init; } = 60;

    /// <summary>
    /// The label of a run, in its metadata, by which the slots of a tenant are shared within it, and which limits of scope <c>key</c> count. Null means none.
    /// </summary>
    public string? FairnessKey { get; init; }

    /// <summary>The share of slots a tenant has beside others, by its name, above 0. Tenants that are not named have 1; what is set over HTTP counts before this.</summary>
    public IReadOnlyDictionary<string, double> Weights { get; init; } = new Dictionary<string, double>();

    /// <exception cref="StartRefusedException">A value is no number or time, or out of range; the message names the key.</exception>
    public static WorkerOptions From(IConfiguration configuration)
    {
        var section = configuration.GetSection("Workers");
        WorkerOptions options;
        try
        {
            options = section.Get<WorkerOptions>() ?? new();
        }
        catch (InvalidOperationException wrong)
        {
            throw new StartRefusedException($"A setting of section Workers cannot be read: {wrong.Message} Times are written like 00:01:30.");
        }

        Check(nameof(MaxRuns), options.MaxRuns is >= 0 and <= 1000, "from 0 to 1,000");
        Check(nameof(MaxQueued), options.MaxQueued is >= 0 and <= MostQueued, $"from 0 to {MostQueued:N0}, 0 for no bound");
        Check(nameof(MaxQueuedPerTenant), options.MaxQueuedPerTenant is >= 0 and <= MostQueued, $"from 0 to {MostQueued:N0}, 0 for no bound");
        Check(nameof(AgingSeconds), options.AgingSeconds is >= 0 and <= 86_400, "from 0 to 86,400");
        foreach (var (tenant, weight) in options.Weights)
            if (!(weight is > 0 and <= 1000))
                throw new StartRefusedException($"Workers:Weights:{tenant} (Workers__Weights__{tenant}) is {weight}; it must be above 0 and at most 1,000.");
        CheckTime(nameof(ToolTimeout), options.ToolTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        CheckTime(nameof(WatchdogEvery), options.WatchdogEvery, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        CheckTime(nameof(StalledAfter), options.StalledAfter, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        CheckTime(nameof(DrainTimeout), options.DrainTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        return options;

        void CheckTime(string name, TimeSpan value, TimeSpan least, TimeSpan most) =>
            Check(name, value >= least && value <= most, $"a time from {least} to {most}, written like 00:01:30 (a bare number would be days)");

        void Check(string name, bool isFine, string wanted)
        {
            if (!isFine) throw new StartRefusedException($"Workers:{name} (Workers__{name}) is {section[name]}; it must be {wanted}.");
        }
    }
}
