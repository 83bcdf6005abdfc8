using System.Globalization;

namespace Agents.Domain.Runs;

/// <summary>A run's place in the queue, as it is at one moment.</summary>
/// <param name="Node">The node whose slot it holds. Null when it has none.</param>
/// <param name="WaitsFor">What it waits for besides a slot. Null when for nothing.</param>
/// <param name="DueIn">It is given no slot before. Null, or not above zero, means now.</param>
/// <param name="Rate">The limit whose room it waits for, such as <c>openai/gpt-4o</c>. Null when it never waited for one.</param>
/// <param name="After">The run of its thread that it follows. Null when it follows none.</param>
/// <param name="FullLimits">The limits that count it and have no room.</param>
/// <param name="Pauses">Where admission is paused, as far as it is concerned.</param>
/// <param name="Ahead">Ready runs of its tenant that come before it.</param>
/// <param name="Slots">Of all nodes that take runs.</param>
/// <param name="Held">Slots that are taken.</param>
/// <param name="StartsPerMinute">Slots its tenant was given for runs as urgent, lately. Null when none.</param>
/// <param name="WakesAt">When its wait ends by its time. Null when it does not wait, or has no time.</param>
public sealed record QueuePlace(
    string? Node, QueueWait? WaitsFor, string? Rate, TimeSpan? DueIn, Guid? After, IReadOnlyList<FullLimit> FullLimits, IReadOnlyList<string> Pauses,
    long Ahead, int Slots, int Held, double? StartsPerMinute, DateTimeOffset? WakesAt = null);

/// <summary>A limit without room.</summary>
public sealed record FullLimit(string Scope, int Running, int MaxRuns);

/// <summary>Something that holds a run back.</summary>
/// <param name="Kind">approval, thread, child, wait, rate, not_before, retry, pause, limit, slots, nodes, paused, parked or budget.</param>
public sealed record Obstacle(string Kind, string Detail);

/// <summary>Why a run is not being worked on, or that it is.</summary>
/// <param name="Position">Among the ready runs of its tenant, from 1. Null when it does not stand in line.</param>
/// <param name="StartsIn">Null when that is unknown.</param>
public sealed record Explanation(string Summary, IReadOnlyList<Obstacle> BlockedBy, long? Position = null, TimeSpan? StartsIn = null)
{
    /// <param name="place">Null when the run is not in the queue.</param>
    /// <param name="seesMoney">Whether the reader may see amounts.</param>
    public static Explanation Of(Run run, QueuePlace? place, bool seesMoney = true)
    {
        if (run.IsFinished()) return new($"The run is {run.Status.ToString().ToLowerInvariant()}. It does no more work.", []);
        if (run.Status is RunStatus.Paused) return Held(new("paused", "A person paused the run. It goes on when it is resumed."));
        if (run.Status is RunStatus.Parked) return Held(WhyParked(run, seesMoney));
        if (place is null) return new("The run has just changed. Ask again.", []);
        if (place.Node is { } node) return new($"The run has a slot and is being worked on by {node}.", []);

        if (WaitOf(run, place) is { } wait)
            return Held(wait) with { StartsIn = wait.Kind is "not_before" or "retry" or "rate" or "wait" ? place.DueIn : null };

        var obstacles = ObstaclesOf(place).ToList();
        var position = place.Ahead + 1;
        var line = place.Ahead == 0
            ? "The run is next in its tenant's line"
            : FormattableString.Invariant($"The run is number {position:N0} in its tenant's line");
        var isOpen = place.Pauses.Count == 0 && place.Slots > 0 && place.FullLimits.All(limit => limit.MaxRuns > 0);
        return new(
            obstacles.Count == 0
                ? $"{line} and starts as soon as its turn comes."
                : $"{line}. {string.Join(' ', obstacles.Select(obstacle => obstacle.Detail))}",
            obstacles, position, isOpen && place.StartsPerMinute is > 0 and var pace ? TimeSpan.FromMinutes(position / pace) : null);
    }

    static Explanation Held(Obstacle obstacle) => new(obstacle.Detail, [obstacle]);

    static Obstacle WhyParked(Run run, bool seesMoney)
    {
        if (run.AwaitsBudget is { } refusal)
        {
            var whatToDo = refusal.WantedUsd is null ? "Give the model a price, then resume the run." : "It goes on by itself when there is room.";
            return new("budget", $"{(seesMoney ? refusal.Text() : refusal.Reason())} {whatToDo}");
        }

        if (InDoubt(run) is { Count: > 0 } calls)
        {
            var names = string.Join(", ", calls);
            return new("parked", $"It is not known whether {names} had its effect. Find out by hand; resuming will not make the call again.");
        }

        return new("parked", "The system stopped the run with its history intact; the run says why. It goes on when it is resumed.");
    }

    /// <summary>Calls that must not run twice and may have had their effect.</summary>
    static List<string> InDoubt(Run run) =>
        [.. run.ToolCalls.Where(call => call.Value.Failure is FailureKind.OutcomeUnknown).Select(call => $"{call.Value.Tool} ({call.Key})")];

    /// <summary>What it waits for before it stands in line. Null when it does.</summary>
    static Obstacle? WaitOf(Run run, QueuePlace place) => place.WaitsFor switch
    {
        QueueWait.Approval => new("approval", $"The run waits for a person to approve {string.Join(", ", AwaitingApproval(run))}."),
        QueueWait.Thread => new("thread", $"The run waits until run {place.After} of the same thread has ended."),
        QueueWait.Child => new(
            "child", $"The run waits for the end of {string.Join(", ", Children(run))}, which it started. Ask why about that one."),
        QueueWait.Wait => new("wait", WhatWaitIs(run, place)),
        QueueWait.Rate => new("rate", $"The run waits for the rate limit of {place.Rate}{In(place.DueIn)}."),
        null when place.DueIn > TimeSpan.Zero => run.Status is RunStatus.Queued
            ? new("not_before", $"The run is not to start before its time{In(place.DueIn)}.")
            : new("retry", $"A call that failed is tried again{In(place.DueIn)}."),
        null => null,
        _ => throw new ArgumentOutOfRangeException(nameof(place), place.WaitsFor, "A run waits for something that has no explanation."),
    };

    static IEnumerable<Obstacle> ObstaclesOf(QueuePlace place)
    {
        foreach (var pause in place.Pauses)
            yield return new("pause", pause == "all" ? "Admission is paused for all runs." : $"Admission is paused for {pause}.");
        foreach (var limit in place.FullLimits)
        {
            var detail = FormattableString.Invariant($"The limit {limit.Scope} is full: {limit.Running:N0} of {limit.MaxRuns:N0} runs.");
            yield return new("limit", detail);
        }

        if (place.Slots == 0) yield return new("nodes", "No node takes runs now.");
        else if (place.Held >= place.Slots) yield return new("slots", FormattableString.Invariant($"All {place.Slots:N0} slots are taken."));
    }

    static string WhatWaitIs(Run run, QueuePlace place)
    {
        var until = place.WakesAt is { } time ? FormattableString.Invariant($" until {time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC") : "";
        return run.Wait?.Signal is { } signal
            ? $"The run waits for signal {signal}{until}. Send it: agents signal {run.Id} {signal}"
            : $"The run waits{until}.";
    }

    static IEnumerable<string> Children(Run run) => run.ToolCalls.Values.Where(call => call.Child is not null).Select(call => $"run {call.Child}");

    static IEnumerable<string> AwaitingApproval(Run run) =>
        run.ToolCalls.Where(call => call.Value.Status is ToolCallStatus.AwaitingApproval).Select(call => $"{call.Value.Tool} ({call.Key})");

    static string In(TimeSpan? wait) =>
        wait is { } time && time > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $", in {time.TotalSeconds:N0} s") : "";
}
