using System.Diagnostics.Metrics;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// What duties could not see to, in <c>agents.set_aside</c>: the questions of all nodes leave it out until its time has come, however often nodes
/// start anew. <c>agents doctor</c> shows it, and so does the metric <c>agents.duty.set_aside</c>.
/// </summary>
public sealed class SetAside : ISetAside, IDisposable
{
    /// <summary>After the first failure; it doubles with each further one.</summary>
    static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);

    static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>What is still there so long after its time is not due any more, such as a run that an operator cancelled. It is forgotten.</summary>
    internal static readonly TimeSpan LeftAfter = TimeSpan.FromMinutes(5);

    const int LongestReason = 500;

    readonly NpgsqlDataSource database;
    readonly Meter meter = new(RunTelemetry.Name); // of its own: it is gone with the server
    volatile IReadOnlySet<(string Duty, DutyItem Item)> known = new HashSet<(string, DutyItem)>();

    public SetAside(NpgsqlDataSource database)
    {
        this.database = database;
        meter.CreateObservableGauge(
            "agents.duty.set_aside",
            () => known.CountBy(one => one.Duty)
                .Select(duty => new Measurement<int>(duty.Value, new KeyValuePair<string, object?>("duty", duty.Key))), "{item}");
    }

    public async Task<(int Failures, DateTimeOffset Until)> Add(string duty, DutyItem item, Exception failure, CancellationToken ct)
    {
        var added = await database.First<Added>(
            """
            insert into agents.set_aside as s (duty, tenant_id, item, failures, until, reason)
            values (@duty, @tenant, @name, 1, clock_timestamp() + @shortest, @reason)
            on conflict (duty, tenant_id, item) do update
            set failures = s.failures + (s.until <= clock_timestamp())::integer,
              until = case when s.until > clock_timestamp() then s.until
                else clock_timestamp() + least(@longest, @shortest * power(2, least(s.failures, 20))) end,
              failed_at = clock_timestamp(), reason = excluded.reason
            returning failures, until
            """, new { duty, item.Tenant, item.Name, Shortest, Longest, reason = ReasonOf(failure) }, ct);
        Change(all => all.Add((duty, item)));
        return (added.Failures, added.Until);
    }

    readonly record struct Added(int Failures, DateTimeOffset Until);

    public async Task Clear(string duty, DutyItem item, CancellationToken ct)
    {
        if (!known.Contains((duty, item))) return;

        await database.Execute(
            "delete from agents.set_aside where duty = @duty and tenant_id = @tenant and item = @name", new { duty, item.Tenant, item.Name }, ct);
        Change(all => all.Remove((duty, item)));
    }

    /// <summary>What is set aside at present, by whatever node.</summary>
    public void Replace(IEnumerable<(string Duty, DutyItem Item)> all) => known = all.ToHashSet();

    /// <summary>Forgets what is not due any more.</summary>
    public Task ForgetLeft(CancellationToken ct) =>
        database.Execute("delete from agents.set_aside where until < clock_timestamp() - @left_after", new { LeftAfter }, ct);

    public void Dispose() => meter.Dispose();

    void Change(Action<HashSet<(string, DutyItem)>> change)
    {
        lock (meter)
        {
            var changed = known.ToHashSet();
            change(changed);
            known = changed;
        }
    }

    /// <summary>What went wrong at the bottom, in a length that fits a line; PostgreSQL takes no NUL.</summary>
    static string ReasonOf(Exception failure)
    {
        var reason = $"{failure.GetType().Name}: {failure.GetBaseException().Message}".Replace('\0', ' ');
        return reason.Length <= LongestReason ? reason : reason[..LongestReason];
    }
}
