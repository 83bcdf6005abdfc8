namespace Agents.Host.Engine.Requests;

/// <summary>What becomes of a new run whose thread has one that has not ended.</summary>
public enum Multitask
{
    /// <summary>The new run is refused.</summary>
    Reject,

    /// <summary>The new run waits until the earlier one has ended.</summary>
    Enqueue,

    /// <summary>The earlier one is cancelled.</summary>
    Interrupt,
}
