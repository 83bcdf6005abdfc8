using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Http;

/// <summary>The keys that open this server, read again when they are older than <see cref="Fresh"/>: a revoked key is refused within five seconds.</summary>
/// <param name="own">Null for a server that others use too.</param>
public sealed class KeyRing(NpgsqlDataSource database, OwnKey? own = null) : IDisposable
{
    /// <summary>How long the keys are taken as they were read.</summary>
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    /// <summary>How often it is written down that a key is in use.</summary>
    static readonly TimeSpan UseNoted = TimeSpan.FromMinutes(1);

    readonly SemaphoreSlim reading = new(1);
    readonly ConcurrentDictionary<string, long> noted = new();
    readonly ConcurrentDictionary<string, bool> used = new();
    volatile Ring? ring;

    sealed record Ring(IReadOnlyDictionary<string, ApiKey> ByHash, IReadOnlySet<string> Ids, bool WasEverLocked, long ReadAt);

    /// <summary>No key was ever made: whoever reaches this machine's own address is its operator.</summary>
    public async ValueTask<bool> IsOpen(CancellationToken ct) => own is null && !(await Current(ct)).WasEverLocked;

    /// <summary>Null for a secret that is unknown or revoked.</summary>
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
            return true; // until the database can be asked again; meanwhile it gives nothing away
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
            await using var note = database.CreateCommand("update agents.api_key set last_used_at = clock_timestamp() where id = any($1)");
            note.Parameters.Add(new() { Value = inUse });
            await note.ExecuteNonQueryAsync(ct);
            foreach (var id in inUse)
            {
                noted[id] = readAt;
                used.TryRemove(id, out _);
            }
        }

        await using var command = database.CreateCommand(
            "select id, tenant_id, role, name, created_at, hash from agents.api_key where revoked_at is null");
        await using var rows = await command.ExecuteReaderAsync(ct);
        var keys = new Dictionary<string, ApiKey>();
        while (await rows.ReadAsync(ct))
            keys[Convert.ToHexStringLower(rows.GetFieldValue<byte[]>(5))] = new(
                rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), rows.GetFieldValue<DateTimeOffset>(4), null, null);
        await rows.CloseAsync();

        await using var any = database.CreateCommand("select exists (select from agents.api_key)");
        var wasEverLocked = keys.Count > 0 || await any.ExecuteScalarAsync(ct) is true;
        return new(keys, keys.Values.Select(key => key.Id).ToHashSet(), wasEverLocked, readAt);
    }
}

/// <summary>The key of a server that a verb starts for itself: whoever starts it has the database anyway.</summary>
public sealed record OwnKey(string Secret)
{
    public const string Id = "own";

    public static readonly ApiKey Key = new(Id, Tenants.Default, Roles.Admin, "operator", DateTimeOffset.MinValue, null, null);
}
