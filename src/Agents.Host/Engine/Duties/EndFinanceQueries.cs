using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Ends the sessions of the role that reads finance when a statement or an idle transaction takes too long. The role has the same limits set on
/// itself, and may lift them; it cannot lift this. Where the server may not see or end its sessions, nothing happens, and <c>agents doctor</c> says
/// so.
/// </summary>
public sealed class EndFinanceQueries(NpgsqlDataSource database, ILogger<EndFinanceQueries> log) : IDuty
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    public TimeSpan LongestStatement { get; init; } = FinanceRole.LongestStatement;

    public TimeSpan LongestIdleTransaction { get; init; } = FinanceRole.LongestIdleTransaction;

    public string Name => "end finance queries";

    public async Task Round(DutyRound round, CancellationToken ct)
    {
        if (await round.Ask(End) is > 0 and var ended)
            log.LogWarning("{Ended} sessions of {Role} were ended: a statement or an idle transaction took too long", ended, FinanceRole.Name);
    }

    public Task Wait(CancellationToken ct) => Task.Delay(Every, ct);

    /// <summary>How many sessions were ended.</summary>
    public Task<int> End(CancellationToken ct) => database.First<int>(
        """
        select (count(*) filter (where pg_terminate_backend(a.pid)))::integer from pg_stat_activity a
        where a.datname = current_database() and a.backend_type = 'client backend'
          and (a.usename = @role or a.usename <> current_user and (pg_has_role(a.usesysid, 'usage') or pg_has_role('pg_signal_backend', 'usage'))
            and a.usesysid in (
              select m.member from pg_auth_members m join pg_roles r on r.oid = m.member
              where m.roleid = to_regrole(@role) and not r.rolsuper)) -- only a superuser could end those
          and (a.xact_start < clock_timestamp() - (@longest_statement + @longest_idle_transaction) -- whatever it does in between
            or clock_timestamp() - a.state_change > case
              when a.state = 'active' then @longest_statement
              when a.state like 'idle in transaction%' then @longest_idle_transaction end)
        """, new { role = FinanceRole.Name, LongestStatement, LongestIdleTransaction }, ct);
}
