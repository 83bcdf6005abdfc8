namespace Agents.Domain.Runs;

/// <summary>
/// What a run in the queue waits for besides a slot. Column <c>waits_for</c> of <c>agents.run_queue</c> has the name in lower case, and no other
/// value.
/// </summary>
public enum QueueWait
{
    /// <summary>A person's word on a tool call.</summary>
    Approval,

    /// <summary>The end of a run that it started.</summary>
    Child,

    /// <summary>Room in the rate limit of a model.</summary>
    Rate,

    /// <summary>The end of the run before it in its thread.</summary>
    Thread,

    /// <summary>A time or a signal, in a wait step.</summary>
    Wait,
}
