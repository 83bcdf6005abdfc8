namespace Agents.Host.Workers;

/// <summary>Settings of section <c>Workers</c>.</summary>
public sealed class WorkerOptions
{
    /// <summary>Runs that this node works on at once. From 1 to 1,000; 0 makes a node that only answers requests that read.</summary>
    public int MaxRuns { get; set; } = 32;

    /// <summary>The most one tool call may take.</summary>
    public TimeSpan ToolTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often the watchdog looks for runs of dead nodes, overdue runs and lost messages.</summary>
    public TimeSpan WatchdogEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>A run of this node that has shown no new fact for so long, and has nothing in flight here, is sent its work again.</summary>
    public TimeSpan StalledAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a stopping node waits for its work to end before it hands it over.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
