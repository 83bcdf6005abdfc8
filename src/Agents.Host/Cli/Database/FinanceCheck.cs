using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Cli.Database;

/// <summary>What the role that reads finance can do beyond reading, because whoever made it was not allowed to take it away.</summary>
static class FinanceCheck
{
    /// <summary>Null when there is no such role.</summary>
    public static async Task<Check?> Of(NpgsqlConnection connection, CancellationToken ct)
    {
        if (await connection.First<string>("select rolname::text from pg_roles where rolname = @role", new { role = FinanceRole.Name }, ct) is null)
            return null;

        var left = await connection.First<string>(
            $"""
            select concat_ws(', ',
              case when exists (
                select from pg_proc p where {FinanceRole.AdvisoryLocks} and has_function_privilege(@role, p.oid, 'execute'))
                then 'take advisory locks, and so stop the server' end,
              case when exists (
                select from pg_proc p where {FinanceRole.LargeObjects} and has_function_privilege(@role, p.oid, 'execute'))
                then 'write large objects' end,
              case when has_database_privilege(@role, current_database(), 'temporary') then 'make temporary tables' end,
              case when not pg_has_role(current_user, @role, 'usage') then 'run statements of any length' end)
            """, new { role = FinanceRole.Name }, ct);
        return string.IsNullOrEmpty(left)
            ? new("finance role", CheckResult.Ok, $"{FinanceRole.Name} reads finance and nothing else; what it sends with NOTIFY only wakes nodes")
            : new("finance role", CheckResult.Warn, $"{FinanceRole.Name} can {left}; run the SQL of agents finance role as a superuser");
    }
}
