using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Cli.Database;

/// <summary>Whether the role that the server works with could rewrite what is only ever inserted.</summary>
public static class RoleCheck
{
    /// <summary>Null before the server has made its tables.</summary>
    public static async Task<Check?> Of(NpgsqlConnection connection, bool isEmbedded, CancellationToken ct)
    {
        if (await connection.First<Rights>(
            """
            select current_user::text as role, r.rolsuper as is_superuser, bool_or(pg_has_role(current_user, c.relowner, 'usage')) as is_owner,
              bool_or(has_table_privilege(c.oid, 'update, delete, truncate')) as may_rewrite
            from pg_trigger t join pg_class c on c.oid = t.tgrelid, pg_roles r
            where t.tgname = 'append_only' and r.rolname = current_user
            group by r.rolsuper
            """, null, ct) is not { } rights) return null;

        var why = rights switch
        {
            { IsSuperuser: true } => "is a superuser",
            { IsOwner: true } => "owns the tables",
            { MayRewrite: true } => "may change what is only ever inserted",
            _ => null,
        };
        return why is null ? new("rights", CheckResult.Ok, $"{rights.Role} cannot rewrite facts and ledger")
            : isEmbedded ? new(
                "rights", CheckResult.Ok, $"{rights.Role} {why}: the embedded server is all yours; changed facts are found by agents audit verify")
            : new(
                "rights", CheckResult.Warn,
                $"{rights.Role} {why}, which the server does not need; let it log in as a member of {DatabaseRoles.Application}: agents db roles");
    }

    sealed record Rights(string Role, bool IsSuperuser, bool IsOwner, bool MayRewrite);
}
