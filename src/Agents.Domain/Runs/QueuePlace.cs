namespace Agents.Domain.Runs;

/// <summary>A run's place in the queue, as it is at one moment.</summary>
/// <param name="Node">The node whose slot it holds. Null when it has none.</param>
/// <param name="WaitsFor">What it waits for besides a slot. Null when for nothing.</param>
/// <param name="Rate">The limit whose room it waits for, such as <c>openai/gpt-4o</c>. Null when it never waited for one.</param>
/// <param name="DueIn">It is given no slot before. Null, or not above zero, means now.</param>
/// <param name="After">The run of its thread that it follows. Null when it follows none.</param>
/// <param name="FullLimits">The limits that count it and have no room.</param>
/// <param name="Pauses">Where admission is paused, as far as it is concerned.</param>
/// <param name="Ahead">Ready runs of its tenant that come before it.</param>
/// <param name="Slots">Of all nodes that take runs.</param>
/// <param name="Held">Slots that are taken.</param>
/// <param name="StartsPerMinute">Slots its tenant was given for runs as urgent, lately. Null when none.</param>
/// <param name="WakesAt">When its wait ends by its time. Null when it does not wait, or has no time.</param>
/// <param name="IdleNodes">Nodes that live and take no runs, because a person wants it so. Null means none.</param>
public sealed record QueuePlace(
    string? Node, QueueWait? WaitsFor, string? Rate, TimeSpan? DueIn, Guid? After, IReadOnlyList<FullLimit> FullLimits,
    IReadOnlyList<Stopped> Pauses, long Ahead, int Slots, int Held, double? StartsPerMinute, DateTimeOffset? WakesAt = null,
    IReadOnlyList<Stopped>? IdleNodes = null);

/// <summary>A limit without room.</summary>
public sealed record FullLimit(string Scope, int Running, int MaxRuns);

/// <summary>Where a person has stopped the giving of slots.</summary>
/// <param name="Scope">all, or tenant, agent or node, a colon and a name.</param>
/// <param name="By">The person.</param>
/// <param name="Reason">In that person's words; may be empty.</param>
/// <param name="IsDrained">A node that was drained, rather than paused.</param>
public sealed record Stopped(string Scope, DateTimeOffset Since, string By, string Reason, bool IsDrained = false);

/// <summary>Since when a run stands still, has ended or waits, and what was said of it then.</summary>
/// <param name="Failure">Why it is parked or has failed. Null when it is neither.</param>
/// <param name="Said">Who paused or cancelled it, a colon and why; the latter may be empty. Null when no person did.</param>
public sealed record Standing(DateTimeOffset Since, Failure? Failure = null, string? Said = null);
