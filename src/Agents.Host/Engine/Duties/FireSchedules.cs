using System.Buffers.Binary;
using System.Security.Cryptography;
using Agents.Domain.Runs;
using Agents.Domain.Schedules;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Requests;
using Agents.Host.Engine.Schedules;
using Agents.Host.Engine.Signals;
using Agents.Host.Http;
using Agents.Host.Models;
using Agents.Host.Platform;
using Marten;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Fires schedules when they are due, by the database's clock. A firing is one transaction: the schedule's row is held, the run is stored, and the
/// next time stands in the row. So each firing has exactly one run, however many nodes there are and whenever one dies.
/// </summary>
public sealed class FireSchedules(
    NpgsqlDataSource database, RunTransactions transactions, AgentCatalog agents, ModelProviders models, IDefinitions definitions,
    NodeSignals signals, ILogger<FireSchedules> log) : IDuty
{
    const string Title = "fire schedules";

    /// <summary>Schedules fired in one round.</summary>
    const int Batch = 100;

    /// <summary>Sleeps no longer, should the announcement that a schedule was changed be lost.</summary>
    static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(30);

    static readonly TimeSpan ShortestSleep = TimeSpan.FromMilliseconds(20);

    /// <summary>A schedule may have to make up for many firings that it missed.</summary>
    static readonly DutyPace Pace = new() { Within = TimeSpan.FromMinutes(1) };

    TimeSpan sleep;

    /// <summary>
    /// Since when rounds have followed one another, and when the last one ended, by the database's clock: this machine's stopwatches stand still while
    /// it sleeps. Null before the first round, and after the database was away.
    /// </summary>
    (DateTimeOffset Since, DateTimeOffset At)? watched;

    public string Name => Title;

    public async Task Round(DutyRound round, CancellationToken ct)
    {
        try
        {
            var since = SchedulePolicies.WatchedSince(watched, sleep, await round.Ask(Now));
            await round.SeeTo(
                await round.Ask(Due), schedule => new(schedule.Tenant, schedule.Id), (schedule, token) => Fire(schedule, since, token), Pace);
            var next = await round.Ask(Next);
            (sleep, watched) = (Bounded(next.UntilDue ?? LongestSleep), (since, next.Now));
        }
        catch
        {
            watched = null; // the database was away: nothing was fired meanwhile
            throw;
        }
    }

    Task<DateTimeOffset> Now(CancellationToken ct) => database.First<DateTimeOffset>("select clock_timestamp()", null, ct);

    public Task Wait(CancellationToken ct) => signals.Schedules.Wait(sleep, ct);

    async Task<List<DueSchedule>> Due(CancellationToken ct) => await database.Query<DueSchedule>(
        $"""
        select tenant_id as tenant, schedule_id as id from agents.schedule
        where not is_paused and next_at <= clock_timestamp() and not agents.is_set_aside('{Title}', tenant_id, schedule_id::text)
        order by next_at limit @batch
        """, new { Batch }, ct);

    readonly record struct DueSchedule(string Tenant, Guid Id);

    async Task<NextFiring> Next(CancellationToken ct) => await database.First<NextFiring>(
        $"""
        select min(greatest(s.next_at, a.until)) - clock_timestamp() as until_due, clock_timestamp() as now from agents.schedule s
        left join agents.set_aside a on a.duty = '{Title}' and a.tenant_id = s.tenant_id and a.item = s.schedule_id::text
        where not s.is_paused
        """, null, ct);

    /// <param name="UntilDue">Null when no schedule will be.</param>
    readonly record struct NextFiring(TimeSpan? UntilDue, DateTimeOffset Now);

    static TimeSpan Bounded(TimeSpan left) => left < ShortestSleep ? ShortestSleep : left > LongestSleep ? LongestSleep : left;

    /// <summary>Makes what is due of one schedule, unless another node does it at this moment.</summary>
    /// <param name="since">Since when this node has looked without a break.</param>
    async Task Fire(DueSchedule found, DateTimeOffset since, CancellationToken ct)
    {
        var (tenant, id) = found;
        await using var transaction = transactions.Begin(tenant);
        var session = transaction.Session;
        await session.BeginTransactionAsync(ct);
        if (await Hold(session, id, ct) is not var (schedule, due, now)) return;

        var (outcome, runId) = await Make(transaction, schedule, due, since, now, ct);
        session.QueueSqlCommand(
            """
            update agents.schedule set next_at = ?::timestamptz, last_at = ?::timestamptz, last_outcome = ?,
              last_run_id = coalesce(?::uuid, last_run_id)
            where tenant_id = ? and schedule_id = ?
            """,
            Nullable(Timetable.Parse(schedule.Cron, schedule.TimeZone, out _)?.After(now)), due, outcome, Nullable(runId), tenant, id);
        await transaction.Commit(ct);
    }

    /// <summary>Null when another node has it, or has just fired it.</summary>
    static async Task<(ScheduleView Schedule, DateTimeOffset Due, DateTimeOffset Now)?> Hold(IDocumentSession session, Guid id, CancellationToken ct)
    {
        var row = await session.First<ScheduleRow>(
            $"""
            select {ScheduleStore.Columns} from agents.schedule
            where tenant_id = @tenant_id and schedule_id = @id and not is_paused and next_at <= clock_timestamp()
            for update skip locked
            """, new { session.TenantId, id }, ct);
        return row is null ? null : (row.View(), row.NextAt!.Value, row.Now);
    }

    async Task<(string Outcome, Guid? RunId)> Make(
        RunTransaction transaction, ScheduleView schedule, DateTimeOffset due, DateTimeOffset since, DateTimeOffset now, CancellationToken ct)
    {
        if (Timetable.Parse(schedule.Cron, schedule.TimeZone, out var unreadable) is not { } times) return Refused(schedule, unreadable!);
        var agent = await agents.Find(transaction.Tenant, schedule.Run.Agent, ct);
        if (RunRequests.Problem(schedule.Run, agent, models, now) is { } problem) return Refused(schedule, $"{problem.Title}: {problem.Detail}");

        var firings = SchedulePolicies.Due(times.Passed(due, now, schedule.MissedMost), since, now, schedule.Missed, schedule.MissedMost);
        if (schedule.Overlap is Overlap.Cancel) firings = [.. firings.TakeLast(1)]; // the earlier ones would be cancelled at once
        var unfinished = await Unfinished(transaction.Session, schedule.Id, ct);
        Guid? latest = null;
        foreach (var at in firings)
        {
            var answer = SchedulePolicies.To(schedule.Overlap, unfinished.Count);
            if (answer is SchedulePolicies.Answer.Skip) continue;
            if (answer is SchedulePolicies.Answer.CancelAndRun) await Cancel(transaction, unfinished, schedule, ct);

            var place = answer is SchedulePolicies.Answer.RunAfter ? ThreadPlace.None with { After = unfinished[^1] } : ThreadPlace.None;
            var run = RunRequests.Run(schedule.Run, agent, now, key: null, hash: null, place) with
            {
                Id = RunIdOf(schedule.Id, at), Schedule = new Firing(schedule.Id, at),
            };
            latest = run.Queue(transaction.Session, models, new Caller(transaction.Tenant, schedule.CreatedBy, schedule.CreatedByKey));
            unfinished.Add(latest.Value);
        }

        return latest is null ? ("skipped", null) : ("run", latest);
    }

    (string, Guid?) Refused(ScheduleView schedule, string why)
    {
        log.LogWarning("Schedule {Name} asks for what cannot be run: {Reason}", schedule.Name, why);
        return ("refused", null);
    }

    async Task Cancel(RunTransaction transaction, List<Guid> unfinished, ScheduleView schedule, CancellationToken ct)
    {
        foreach (var earlier in unfinished)
            await transaction.Cancel(
                earlier, new(schedule.CreatedBy, schedule.CreatedByKey), $"Schedule {schedule.Name} is due again.", definitions, ct);
        unfinished.Clear();
    }

    /// <summary>Oldest first.</summary>
    static Task<List<Guid>> Unfinished(IDocumentSession session, Guid scheduleId, CancellationToken ct) => session.Query<Guid>(
        """
        select run_id from agents.run_summary
        where tenant_id = @tenant_id and schedule_id = @schedule_id and finished_at is null
        order by queued_at, run_id
        """, new { session.TenantId, scheduleId }, ct);

    /// <summary>Follows from the firing, so that it can be stored once only. The time stands first, as in every run's id.</summary>
    public static Guid RunIdOf(Guid scheduleId, DateTimeOffset at)
    {
        Span<byte> from = stackalloc byte[24];
        scheduleId.TryWriteBytes(from);
        BinaryPrimitives.WriteInt64BigEndian(from[16..], at.UtcTicks);
        Span<byte> id = SHA256.HashData(from).AsSpan(0, 16);
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, at.ToUnixTimeMilliseconds() << 16);
        time[..6].CopyTo(id);
        id[6] = (byte)((id[6] & 0x0f) | 0x70);
        id[8] = (byte)((id[8] & 0x3f) | 0x80);
        return new(id, bigEndian: true);
    }

    static object Nullable(object? value) => value ?? DBNull.Value;
}
