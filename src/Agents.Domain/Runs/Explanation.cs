using System.Globalization;

namespace Agents.Domain.Runs;

/// <summary>Something that holds a run back, or has ended it.</summary>
/// <param name="Kind">
/// approval, thread, child, wait, rate, not_before, retry, pause, limit, slots, nodes, paused, parked, budget, failed or cancelled.
/// </param>
/// <param name="Since">Null when that is unknown.</param>
/// <param name="Command">The verb that lets the run go on, or looks further; words in capitals are to be filled in. Null when none is needed.</param>
public sealed record Obstacle(string Kind, string Detail, DateTimeOffset? Since = null, string? Command = null);

/// <summary>Why a run is not being worked on, or that it is.</summary>
/// <param name="Position">Among the ready runs of its tenant, from 1. Null when it does not stand in line.</param>
/// <param name="StartsIn">Null when that is unknown.</param>
public sealed record Explanation(string Summary, IReadOnlyList<Obstacle> BlockedBy, long? Position = null, TimeSpan? StartsIn = null)
{
    /// <param name="place">Null when the run is not in the queue.</param>
    /// <param name="seesMoney">Whether the reader may see amounts.</param>
    /// <param name="standing">Null when nothing is known of it.</param>
    public static Explanation Of(Run run, QueuePlace? place, bool seesMoney = true, Standing? standing = null)
    {
        if (StandingStill.Of(run, standing, seesMoney) is { } still) return still;
        if (place is null) return new("The run has just changed. Ask again.", []);
        if (place.Node is { } node) return Working(run, node, standing);

        if (WaitOf(run, place, standing?.Since) is { } wait)
            return Held(wait) with { StartsIn = wait.Kind is "not_before" or "retry" or "rate" or "wait" ? place.DueIn : null };

        var obstacles = ObstaclesOf(place, standing?.Since).ToList();
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

    internal static Explanation Held(Obstacle obstacle) => new(
        obstacle is { Kind: "wait", Command: { } command } ? $"{obstacle.Detail} Send it: {command}" : obstacle.Detail, [obstacle]);

    /// <summary>A tool call may wait for a person while others of the same turn are under way.</summary>
    static Explanation Working(Run run, string node, Standing? standing)
    {
        var works = $"The run has a slot and is being worked on by {node}.";
        if (!AwaitingApproval(run).Any()) return new(works, []);

        var approval = Approval(run, standing?.Since);
        return new($"{works} {approval.Detail}", [approval]);
    }

    /// <summary>What it waits for before it stands in line. Null when it does.</summary>
    static Obstacle? WaitOf(Run run, QueuePlace place, DateTimeOffset? since) => place.WaitsFor switch
    {
        QueueWait.Approval => Approval(run, since),
        QueueWait.Thread => new(
            "thread", $"The run waits until run {place.After} of the same thread has ended.", since, $"agents why {place.After}"),
        QueueWait.Child => new(
            "child", $"The run waits for the end of {string.Join(", ", Children(run).Select(child => $"run {child}"))}, which it started.", since,
            Children(run).Select(child => $"agents why {child}").FirstOrDefault()),
        QueueWait.Wait => new(
            "wait", WhatWaitIs(run, place), since, run.Wait?.Signal is { } signal ? $"agents signal {run.Id} {signal}" : null),
        QueueWait.Rate => new("rate", $"The run waits for the rate limit of {place.Rate}{In(place.DueIn)}.", since, "agents rates"),
        null when place.DueIn > TimeSpan.Zero => run.Status is RunStatus.Queued
            ? new("not_before", $"The run is not to start before its time{In(place.DueIn)}.", since)
            : new("retry", $"A call that failed is tried again{In(place.DueIn)}.", since),
        null => null,
        _ => throw new ArgumentOutOfRangeException(nameof(place), place.WaitsFor, "A run waits for something that has no explanation."),
    };

    static IEnumerable<Obstacle> ObstaclesOf(QueuePlace place, DateTimeOffset? since)
    {
        foreach (var pause in place.Pauses)
            yield return new(
                "pause", $"Admission is paused for {(pause.Scope == "all" ? "all runs" : pause.Scope)}, by {Words(pause)}.", pause.Since,
                $"agents admission resume {pause.Scope}");
        foreach (var limit in place.FullLimits)
        {
            var detail = FormattableString.Invariant($"The limit {limit.Scope} is full: {limit.Running:N0} of {limit.MaxRuns:N0} runs.");
            yield return new("limit", detail, since, "agents limits"); // setting one without its weight removes that
        }

        if (place.Slots == 0) yield return NoNode(place.IdleNodes ?? [], since);
        else if (place.Held >= place.Slots) yield return new("slots", FormattableString.Invariant($"All {place.Slots:N0} slots are taken."), since);
    }

    static Obstacle NoNode(IReadOnlyList<Stopped> idle, DateTimeOffset? since)
    {
        if (idle is not [var first, ..]) return new("nodes", "No node takes runs now.", since, "agents serve");

        var node = first.Scope["node:".Length..];
        var names = idle.Select(one => $"{one.Scope["node:".Length..]} is {(one.IsDrained ? "drained" : "paused")} by {Words(one)}");
        return new(
            "nodes", $"No node takes runs now: {string.Join(", ", names)}.", first.Since,
            first.IsDrained ? $"agents nodes resume {node}" : $"agents admission resume {first.Scope}");
    }

    static string Words(Stopped stopped) => stopped.Reason.Length > 0 ? $"{stopped.By}: {stopped.Reason.TrimEnd('.')}" : stopped.By;

    static string WhatWaitIs(Run run, QueuePlace place)
    {
        var until = place.WakesAt is { } time ? FormattableString.Invariant($" until {time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC") : "";
        return run.Wait?.Signal is { } signal ? $"The run waits for signal {signal}{until}." : $"The run waits{until}.";
    }

    static Obstacle Approval(Run run, DateTimeOffset? since) => new(
        "approval", $"The run waits for a person to approve {string.Join(", ", AwaitingApproval(run).Select(call => $"{call.Tool} ({call.Id})"))}.",
        since,
        AwaitingApproval(run).Select(call => $"agents approve {run.Id} {call.Id}").FirstOrDefault());

    static IEnumerable<Guid> Children(Run run) => run.ToolCalls.Values.Select(call => call.Child).OfType<Guid>();

    static IEnumerable<(string Id, string Tool)> AwaitingApproval(Run run) =>
        run.ToolCalls.Where(call => call.Value.Status is ToolCallStatus.AwaitingApproval).Select(call => (call.Key, call.Value.Tool));

    static string In(TimeSpan? wait) =>
        wait is { } time && time > TimeSpan.Zero ? string.Create(CultureInfo.InvariantCulture, $", in {time.TotalSeconds:N0} s") : "";
}
