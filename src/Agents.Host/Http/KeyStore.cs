using Agents.Host.Platform;
using Agents.Projections;
using Npgsql;

namespace Agents.Host.Http;

/// <summary>The keys of a database, for the operator, who reaches the database itself.</summary>
public sealed class KeyStore(NpgsqlDataSource database)
{
    /// <summary>Makes the table, for verbs that come before the first start of a server.</summary>
    public Task Prepare(CancellationToken ct) => database.Execute(ReadModels.Script("Keys.sql"), null, ct);

    /// <returns>The key, which cannot be found out again, and what is kept of it.</returns>
    public async Task<(string Secret, ApiKey Key)> Create(string tenant, string role, string name, CancellationToken ct)
    {
        var (secret, id) = (ApiKey.NewSecret(), ApiKey.NewId());
        var createdAt = await database.First<DateTimeOffset>(
            """
            insert into agents.api_key (id, tenant_id, role, name, hash)
            values (@id, @tenant, @role, @name, @hash)
            returning created_at
            """, new { id, tenant, role, name, hash = ApiKey.HashOf(secret) }, ct);
        return (secret, new(id, tenant, role, name, createdAt, null, null));
    }

    /// <summary>Oldest first, revoked ones included.</summary>
    public async Task<IReadOnlyList<ApiKey>> List(CancellationToken ct) => await database.Query<ApiKey>(
        """
        select id, tenant_id as tenant, role, name, created_at, last_used_at, revoked_at from agents.api_key
        order by created_at, id
        """, null, ct);

    /// <summary>Whether there was such a key; revoking twice is revoking once.</summary>
    public async Task<bool> Revoke(string id, CancellationToken ct) =>
        await database.Execute("update agents.api_key set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = @id", new { id }, ct) > 0;

    /// <summary>Whether some key opens this database.</summary>
    public static async Task<bool> HasKeys(string connectionString, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        return await source.First<bool>("select to_regclass('agents.api_key') is not null", null, ct)
            && await source.First<bool>("select exists (select from agents.api_key where revoked_at is null)", null, ct);
    }
}
