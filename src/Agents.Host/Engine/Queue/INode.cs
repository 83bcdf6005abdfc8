namespace Agents.Host.Engine.Queue;

/// <summary>This process as others see it, and what it knows of them.</summary>
public interface INode
{
    /// <summary>Unique for each start of the process. Facts call it the worker.</summary>
    string Name { get; }

    /// <summary>Completes when other nodes can see that this one lives. Nothing is claimed before.</summary>
    Task Ready { get; }

    /// <summary>Which of these workers have died. A worker this node cannot judge counts as living.</summary>
    Task<IReadOnlySet<string>> Gone(IReadOnlyCollection<string> workers, CancellationToken ct);
}

public static class Nodes
{
    /// <summary>
    /// Whether the worker that started an attempt does not perform it any more. Asked by the node that would perform it, under the run's row lock: an
    /// attempt that this node started would be found in flight here first, so its own are lost.
    /// </summary>
    /// <param name="worker">Null when no worker started it.</param>
    public static async Task<bool> HasLost(this INode node, string? worker, CancellationToken ct) =>
        worker is not null && (worker == node.Name || (await node.Gone([worker], ct)).Count > 0);
}
