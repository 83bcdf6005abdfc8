using Agents.Host.Platform;
using Agents.Projections;
using Npgsql;

namespace Agents.Host.Http;

/// <summary>The keys of a database, for the operator, who reaches the database itself.</summary>
public sealed class KeyStore(NpgsqlDataSource database)
{
    /// <summary>Makes the table, for verbs that come before the first start of a server.</summary>
    public Task Prepare(CancellationToken ct) => database.Execute(ReadModels.Script("Keys.sql"), null, ct);

    /// <param name="lasts">How long it opens, from now. Null for a key that never expires.</param>
    /// <returns>The key, which cannot be found out again, and what is kept of it.</returns>
    public async Task<(string Secret, ApiKey Key)> Create(string tenant, string role, string name, CancellationToken ct, TimeSpan? lasts = null)
    {
        var (secret, id, by) = (ApiKey.NewSecret(), ApiKey.NewId(), Environment.UserName);
        var key = await database.First<ApiKey>(
            $"""
            insert into agents.api_key (id, tenant_id, role, name, hash, expires_at, created_by)
            values (@id, @tenant, @role, @name, @hash, clock_timestamp() + @lasts, @by)
            returning {Columns}
            """, new { id, tenant, role, name, hash = ApiKey.HashOf(secret), lasts, by }, ct);
        return (secret, key!);
    }

    const string Columns =
        "id, tenant_id as tenant, role, name, created_at, last_used_at, revoked_at, expires_at, created_by, revoked_by";

    /// <summary>Oldest first, those that open nothing any more included.</summary>
    public async Task<IReadOnlyList<ApiKey>> List(CancellationToken ct) => await database.Query<ApiKey>(
        $"""
        select {Columns} from agents.api_key
        order by created_at, id
        """, null, ct);

    /// <summary>Whether there was such a key; revoking twice is revoking once.</summary>
    public async Task<bool> Revoke(string id, CancellationToken ct) => await database.Execute(
        """
        update agents.api_key set revoked_by = case when revoked_at is null then @by else revoked_by end,
          revoked_at = coalesce(revoked_at, clock_timestamp())
        where id = @id
        """, new { id, by = Environment.UserName }, ct) > 0;

    /// <summary>Whether some key opens this database.</summary>
    public static async Task<bool> HasKeys(string connectionString, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        return await source.First<bool>("select to_regclass('agents.api_key') is not null", null, ct)
            && await source.First<bool>(
                """
                select exists (
                  select from agents.api_key where revoked_at is null and (expires_at is null or expires_at > clock_timestamp()))
                """, null, ct);
    }
}
