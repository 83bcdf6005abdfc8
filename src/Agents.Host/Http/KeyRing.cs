using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Http;

/// <summary>
/// The keys that open this server, read again when they are older than <see cref="Fresh"/>: a key that is revoked, or expires, is refused within five
/// seconds.
/// </summary>
/// <param name="own">Null for a server that others use too.</param>
public sealed class KeyRing(NpgsqlDataSource database, OwnKey? own = null) : IDisposable
{
    /// <summary>How long the keys that were read hold before they are read again.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    /// <summary>How often the use of a key is written down.</summary>
    static readonly TimeSpan UseNoted = TimeSpan.FromMinutes(1);

    readonly SemaphoreSlim reading = new(1);
    readonly ConcurrentDictionary<string, long> noted = new();
    readonly ConcurrentDictionary<string, bool> used = new();
    volatile Ring? ring;

    sealed record Ring(IReadOnlyDictionary<string, ApiKey> ByHash, IReadOnlySet<string> Ids, bool WasEverLocked, long ReadAt);

    /// <summary>No key was ever made: a caller who reaches this machine's own address is its operator.</summary>
    public async ValueTask<bool> IsOpen(CancellationToken ct) => own is null && !(await Current(ct)).WasEverLocked;

    /// <summary>Null for a secret that is unknown, revoked or expired.</summary>
    public async ValueTask<ApiKey?> Find(string secret, CancellationToken ct)
    {
        var hash = ApiKey.HashOf(secret);
        if (own is not null && CryptographicOperations.FixedTimeEquals(hash, ApiKey.HashOf(own.Secret))) return OwnKey.Key;
        if ((await Current(ct)).ByHash.GetValueOrDefault(Convert.ToHexStringLower(hash)) is not { } key) return null;
        if (Stopwatch.GetElapsedTime(noted.GetValueOrDefault(key.Id)) > UseNoted) used[key.Id] = true;
        return key;
    }

    /// <summary>Whether a key that was good still is.</summary>
    /// <param name="keyId">Null for a caller who needed none.</param>
    public async ValueTask<bool> IsStillGood(string? keyId, CancellationToken ct)
    {
        try
        {
            return keyId switch
            {
                null => await IsOpen(ct),
                OwnKey.Id => true,
                _ => (await Current(ct)).Ids.Contains(keyId),
            };
        }
        catch (Exception away) when (away is NpgsqlException or TimeoutException)
        {
            return true; // the database answers no reader either, so a revoked key gains nothing until it is back
        }
    }

    public void Dispose() => reading.Dispose();

    async ValueTask<Ring> Current(CancellationToken ct)
    {
        if (ring is { } fresh && Stopwatch.GetElapsedTime(fresh.ReadAt) < Fresh) return fresh;
        await reading.WaitAsync(ct);
        try
        {
            if (ring is { } read && Stopwatch.GetElapsedTime(read.ReadAt) < Fresh) return read;
            return ring = await Read(ct);
        }
        finally
        {
            reading.Release();
        }
    }

    async Task<Ring> Read(CancellationToken ct)
    {
        var (readAt, inUse) = (Stopwatch.GetTimestamp(), used.Keys.ToArray());
        if (inUse.Length > 0)
        {
            await database.Execute("update agents.api_key set last_used_at = clock_timestamp() where id = any(@in_use)", new { inUse }, ct);
            foreach (var id in inUse)
            {
                noted[id] = readAt;
                used.TryRemove(id, out _);
            }
        }

        var rows = await database.Query<KeyRow>(
            """
            select id, tenant_id, role, name, created_at, hash from agents.api_key
            where revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
            """, null, ct);
        var keys = rows.ToDictionary(
            row => Convert.ToHexStringLower(row.Hash), row => new ApiKey(row.Id, row.TenantId, row.Role, row.Name, row.CreatedAt, null, null));
        var wasEverLocked = keys.Count > 0 || await database.First<bool>("select exists (select from agents.api_key)", null, ct);
        return new(keys, keys.Values.Select(key => key.Id).ToHashSet(), wasEverLocked, readAt);
    }

    sealed record KeyRow(string Id, string TenantId, string Role, string Name, DateTimeOffset CreatedAt, byte[] Hash);
}

/// <summary>The key of a server that a verb starts for itself: the operator who starts it has the database anyway.</summary>
public sealed record OwnKey(string Secret)
{
    public const string Id = "own";

    public static readonly ApiKey Key = new(Id, Tenants.Default, Roles.Platform, "operator", DateTimeOffset.MinValue, null, null);
}
