using Agents.Projections;
using Npgsql;

namespace Agents.Host.Http;

/// <summary>The keys of a database, for whoever may reach the database itself.</summary>
public sealed class KeyStore(NpgsqlDataSource database)
{
    /// <summary>Makes the table, for verbs that come before the first start of a server.</summary>
    public async Task Prepare(CancellationToken ct)
    {
        await using var command = database.CreateCommand(ReadModels.Script("Keys.sql"));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <returns>The key, which nobody can find out again, and what is kept of it.</returns>
    public async Task<(string Secret, ApiKey Key)> Create(string tenant, string role, string name, CancellationToken ct)
    {
        var (secret, id) = (ApiKey.NewSecret(), ApiKey.NewId());
        await using var command = database.CreateCommand(
            "insert into agents.api_key (id, tenant_id, role, name, hash) values ($1, $2, $3, $4, $5) returning created_at");
        foreach (var value in new object[] { id, tenant, role, name, ApiKey.HashOf(secret) }) command.Parameters.Add(new() { Value = value });
        await using var rows = await command.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        return (secret, new(id, tenant, role, name, rows.GetFieldValue<DateTimeOffset>(0), null, null));
    }

    /// <summary>Oldest first, revoked ones included.</summary>
    public async Task<IReadOnlyList<ApiKey>> List(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            "select id, tenant_id, role, name, created_at, last_used_at, revoked_at from agents.api_key order by created_at, id");
        await using var rows = await command.ExecuteReaderAsync(ct);
        var keys = new List<ApiKey>();
        while (await rows.ReadAsync(ct))
            keys.Add(new(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), rows.GetFieldValue<DateTimeOffset>(4), At(rows, 5), At(rows, 6)));
        return keys;
    }

    /// <summary>Whether there was such a key; revoking twice is revoking once.</summary>
    public async Task<bool> Revoke(string id, CancellationToken ct)
    {
        await using var command = database.CreateCommand("update agents.api_key set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1");
        command.Parameters.Add(new() { Value = id });
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }

    /// <summary>Whether some key opens this database.</summary>
    public static async Task<bool> HasKeys(string connectionString, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var there = source.CreateCommand("select to_regclass('agents.api_key') is not null");
        if (await there.ExecuteScalarAsync(ct) is not true) return false;
        await using var any = source.CreateCommand("select exists (select from agents.api_key where revoked_at is null)");
        return await any.ExecuteScalarAsync(ct) is true;
    }

    static DateTimeOffset? At(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
