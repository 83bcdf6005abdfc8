using System.Collections.Concurrent;
using System.Diagnostics;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Catalog;

/// <summary>
/// What the names of pushed agents lead to, kept in memory for each owner. Once a second at most, and only when asked, it compares one number in the
/// database with its own; when that has changed, it reads again what it is asked for.
/// </summary>
public sealed class PublishedAgents(NpgsqlDataSource database) : IDisposable
{
    /// <summary>How long a node may go on without a change that was made on another.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Owners that are kept; all are read again when there are more.</summary>
    const int MostOwners = 10_000;

    readonly SemaphoreSlim looking = new(1);
    readonly ConcurrentDictionary<string, OwnedAgents> known = new(StringComparer.Ordinal);
    long version = -1;
    long lookedAt; // 0: not yet, or not since it was told to forget
    long forgotten; // how often it was told to

    /// <summary>Those that the tenant can ask for.</summary>
    public async ValueTask<TenantAgents> Of(string tenant, CancellationToken ct)
    {
        if (IsOld()) await Look(ct);
        var now = Interlocked.Read(ref version);
        var ofAll = await OwnedBy(AgentStore.All, now, ct);
        return new(now, tenant == AgentStore.All ? [ofAll] : [await OwnedBy(tenant, now, ct), ofAll]);
    }

    /// <summary>Something was changed here: the next question reads it.</summary>
    public void Forget()
    {
        Interlocked.Increment(ref forgotten);
        Interlocked.Exchange(ref lookedAt, 0);
    }

    public void Dispose() => looking.Dispose();

    bool IsOld() => Interlocked.Read(ref lookedAt) is var at && (at == 0 || Stopwatch.GetElapsedTime(at) > Every);

    async Task Look(CancellationToken ct)
    {
        await looking.WaitAsync(ct);
        try
        {
            if (!IsOld()) return;
            var (at, before) = (Stopwatch.GetTimestamp(), Interlocked.Read(ref forgotten));
            Interlocked.Exchange(ref version, await database.First<long>("select version from agents.agent_catalog", null, ct));
            Interlocked.Exchange(ref lookedAt, at);
            if (Interlocked.Read(ref forgotten) != before) Interlocked.Exchange(ref lookedAt, 0); // what was changed while it asked is seen the next time
        }
        finally
        {
            looking.Release();
        }
    }

    async ValueTask<OwnedAgents> OwnedBy(string owner, long now, CancellationToken ct)
    {
        if (known.TryGetValue(owner, out var agents) && agents.Version == now) return agents;

        if (known.Count >= MostOwners) known.Clear();
        return known[owner] = await Read(owner, now, ct);
    }

    async Task<OwnedAgents> Read(string owner, long now, CancellationToken ct)
    {
        var rows = await database.Query<PublishedRow>(
            """
            select v.name, v.version, v.hash, a.alias, null::numeric as percent
            from agents.agent_alias a join agents.agent_version v using (tenant_id, name, version)
            where a.tenant_id = @owner
            union all
            select v.name, v.version, v.hash, null, t.percent
            from agents.agent_trial t join agents.agent_version v using (tenant_id, name, version)
            where t.tenant_id = @owner
            """, new { owner }, ct);
        return new(now, rows.GroupBy(row => row.Name, StringComparer.Ordinal).ToDictionary(
            group => group.Key,
            group => new PublishedLayer(
                owner,
                group.Where(row => row.Alias is not null).ToDictionary(row => row.Alias!, row => new PublishedVersion(row.Version, row.Hash)),
                group.Where(row => row.Percent is not null).Select(row => new PublishedTrial(row.Version, row.Hash, row.Percent!.Value)).FirstOrDefault()),
            StringComparer.Ordinal));
    }

    sealed record PublishedRow(string Name, int Version, string Hash, string? Alias, decimal? Percent);
}

/// <param name="Version">Of the whole catalogue, when this was read.</param>
/// <param name="Owned">The tenant's own first.</param>
public sealed record TenantAgents(long Version, IReadOnlyList<OwnedAgents> Owned)
{
    /// <summary>The tenant's own first; only owners that have pushed the name.</summary>
    public IReadOnlyList<PublishedLayer> Layers(string name) => [.. Owned.Select(owned => owned.ByName.GetValueOrDefault(name)).OfType<PublishedLayer>()];
}

/// <summary>What one owner has pushed.</summary>
/// <param name="Version">Of the whole catalogue, when this was read.</param>
public sealed record OwnedAgents(long Version, IReadOnlyDictionary<string, PublishedLayer> ByName);

/// <summary>What one owner says of a name.</summary>
/// <param name="Owner">The tenant; empty for all.</param>
/// <param name="Trial">Null when there is none.</param>
public sealed record PublishedLayer(string Owner, IReadOnlyDictionary<string, PublishedVersion> Aliases, PublishedTrial? Trial);

public sealed record PublishedVersion(int Version, string Hash);

public sealed record PublishedTrial(int Version, string Hash, decimal Percent);
