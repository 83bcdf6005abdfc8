using System.Diagnostics.Metrics;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Telemetry;

/// <summary>
/// The queue as metrics, by tenant, agent and priority: <c>agents.queue.waiting</c>, <c>.held_back</c>, <c>.running</c>, <c>.oldest</c> and
/// <c>.starts</c>; and by node <c>agents.node.slots</c> and <c>agents.node.slots.used</c>. Read every ten seconds, and only where metrics are
/// collected.
/// </summary>
public sealed class QueueMetrics(QueueReader queues, NodeStore nodes, ILogger<QueueMetrics> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    volatile IReadOnlyList<QueueView> classes = [];
    volatile IReadOnlyList<NodeView> living = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var meter = new Meter(RunTelemetry.Name); // of its own: it is gone with the server
        Gauge("agents.queue.waiting", "{run}", queue => queue.Waiting);
        Gauge("agents.queue.held_back", "{run}", queue => queue.HeldBack);
        Gauge("agents.queue.running", "{run}", queue => queue.Running);
        Gauge("agents.queue.oldest", "s", queue => queue.OldestSeconds);
        Gauge("agents.queue.starts", "{run}/min", queue => queue.StartsPerMinute);
        meter.CreateObservableGauge("agents.node.slots", () => living.Select(node => Of(node, node.Slots)), "{run}");
        meter.CreateObservableGauge("agents.node.slots.used", () => living.Select(node => Of(node, node.Running)), "{run}");
        await Rounds.Forever("Reading the queue for metrics", Round, () => Task.Delay(Every, stoppingToken), log, stoppingToken);

        async Task Round() => (classes, living) = (await queues.Classes(null, stoppingToken), await nodes.List(stoppingToken));

        void Gauge(string name, string unit, Func<QueueView, double?> value) => meter.CreateObservableGauge(
            name, () => classes.Where(queue => value(queue) is not null).Select(queue => new Measurement<double>(
                value(queue)!.Value, new("tenant", queue.Tenant), new("agent", queue.Agent), new("priority", queue.Priority))), unit);

        static Measurement<int> Of(NodeView node, int value) => new(value, new KeyValuePair<string, object?>("node", node.Name));
    }
}
