using Agents.Domain.Schedules;
using Agents.Host.Engine.Requests;

namespace Agents.Host.Engine.Schedules;

/// <summary>What a schedule is to be.</summary>
/// <param name="Name">1 to 100 letters, digits, dots, dashes and underscores. In the address when an existing one is changed.</param>
/// <param name="Cron">Minute, hour, day of the month, month, day of the week; with seconds first when there are six fields.</param>
/// <param name="Run">What is asked for each time, as for <c>POST /runs</c>; without notBefore, deadline, thread and key.</param>
/// <param name="TimeZone">IANA name. UTC when nothing is said.</param>
/// <param name="Overlap">skip, queue or cancel. skip when nothing is said.</param>
/// <param name="Missed">skip, once or all. once when nothing is said.</param>
/// <param name="MissedMost">How many all makes up for: 1 to 100, 10 when nothing is said.</param>
/// <param name="Paused">It does not fire until it is resumed. False when nothing is said.</param>
public sealed record ScheduleRequest(
    string? Cron, QueueRunRequest? Run, string? Name = null, string TimeZone = "UTC", Overlap Overlap = Overlap.Skip, Missed Missed = Missed.Once,
    int MissedMost = 10, bool Paused = false);

/// <param name="Next">When it fires next, UTC; null when it is paused or never does again.</param>
/// <param name="Last">When the latest firing was due; null before the first.</param>
/// <param name="LastOutcome">run, or why there was none: skipped or refused.</param>
/// <param name="CreatedByKey">The id of the key with which it was made; its runs name it. Null when the server needed none.</param>
/// <param name="ChangedByKey">The same of its latest change.</param>
public sealed record ScheduleView(
    string Name, Guid Id, string Cron, string TimeZone, Overlap Overlap, Missed Missed, int MissedMost, bool Paused, QueueRunRequest Run,
    DateTimeOffset? Next, DateTimeOffset? Last, string? LastOutcome, Guid? LastRun,
    string CreatedBy, DateTimeOffset CreatedAt, string ChangedBy, DateTimeOffset ChangedAt, string? CreatedByKey, string? ChangedByKey);

/// <param name="Upcoming">The next times it fires, ISO 8601 in the schedule's own time zone; empty when it is paused.</param>
/// <param name="Runs">The latest, newest first.</param>
/// <param name="Changes">Newest first.</param>
public sealed record ScheduleDetails(
    ScheduleView Schedule, IReadOnlyList<string> Upcoming, IReadOnlyList<ScheduledRun> Runs, IReadOnlyList<ScheduleChange> Changes);

public sealed record ScheduledRun(Guid Id, string Status, DateTimeOffset QueuedAt);

/// <param name="Change">created, changed, paused, resumed, run or deleted.</param>
/// <param name="ByKey">The id of the author's key. Null when the server needed none.</param>
public sealed record ScheduleChange(string Change, string By, DateTimeOffset At, string? ByKey);
