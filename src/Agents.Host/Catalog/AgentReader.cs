using System.Text.Json;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Catalog;

/// <summary>Versions of pushed agents, what became of their runs, and who changed what.</summary>
public sealed class AgentReader(NpgsqlDataSource database)
{
    const int Shown = 20;

    /// <summary>The newest first: the tenant's own and those for all.</summary>
    /// <param name="before">Older than this number. Null for the newest.</param>
    public Task<List<StoredVersion>> Versions(string tenant, string name, int? before, int most, CancellationToken ct) =>
        database.Query<StoredVersion>(
            $"""
            {Columns}
            where v.tenant_id in (@tenant, '') and v.name = @name and (@before is null or v.version < @before)
            order by v.version desc, v.tenant_id = '' limit @most
            """, new { tenant, name, before, most }, ct);

    /// <summary>The tenant's own of that number, else that for all.</summary>
    public Task<StoredVersion?> Version(string tenant, string name, int version, CancellationToken ct) => database.First<StoredVersion>(
        $"""
        {Columns}
        where v.tenant_id in (@tenant, '') and v.name = @name and v.version = @version
        order by v.tenant_id = '' limit 1
        """, new { tenant, name, version }, ct);

    /// <summary>What became of the tenant's runs, by the hash of their definition. Definitions without a run are not there.</summary>
    public async Task<IReadOnlyDictionary<string, VersionOutcome>> Outcomes(string tenant, IEnumerable<string> hashes, CancellationToken ct)
    {
        var rows = await database.Query<OutcomeRow>(
            """
            select definition_hash as hash, count(*) as runs, count(*) filter (where status = 'completed') as completed,
              count(*) filter (where status = 'failed') as failed, count(*) filter (where status = 'cancelled') as cancelled,
              count(*) filter (where status = 'parked') as parked, sum(cost_usd) as cost_usd, sum(unpriced_calls)::bigint as unpriced_calls,
              percentile_disc(0.5) within group (order by extract(epoch from finished_at - queued_at)::double precision)
                filter (where status = 'completed') as p_50_seconds,
              percentile_disc(0.95) within group (order by extract(epoch from finished_at - queued_at)::double precision)
                filter (where status = 'completed') as p_95_seconds
            from agents.run_summary
            where tenant_id = @tenant and definition_hash = any(@hashes)
            group by definition_hash
            """, new { tenant, hashes = hashes.ToArray() }, ct);
        return rows.ToDictionary(
            row => row.Hash, row => new VersionOutcome(
                row.Runs, row.Completed, row.Failed, row.Cancelled, row.Parked, row.CostUsd, row.UnpricedCalls, row.P50Seconds, row.P95Seconds));
    }

    /// <summary>The newest first: of the tenant's own and of those for all.</summary>
    public Task<List<StoredChange>> Changes(string tenant, string name, CancellationToken ct) => database.Query<StoredChange>(
        """
        select tenant_id as owner, at, change, alias, from_version, to_version, percent, by, by_key from agents.agent_change
        where tenant_id in (@tenant, '') and name = @name
        order by id desc limit @shown
        """, new { tenant, name, Shown }, ct);

    const string Columns =
        """
        select v.tenant_id as owner, v.version, v.hash, v.pushed_at, v.by, v.by_key, v.comment, (
          select coalesce(json_agg(a.alias order by a.alias), '[]')::text from agents.agent_alias a
          where a.tenant_id = v.tenant_id and a.name = v.name and a.version = v.version) as aliases, (
          select t.percent from agents.agent_trial t
          where t.tenant_id = v.tenant_id and t.name = v.name and t.version = v.version) as trial_percent
        from agents.agent_version v
        """;

    sealed record OutcomeRow(
        string Hash, long Runs, long Completed, long Failed, long Cancelled, long Parked, decimal CostUsd, long UnpricedCalls, double? P50Seconds,
        double? P95Seconds);
}

/// <param name="Owner">The tenant; empty for all.</param>
/// <param name="Aliases">A JSON array of text.</param>
/// <param name="TrialPercent">Null when it is not on trial.</param>
public sealed record StoredVersion(
    string Owner, int Version, string Hash, DateTimeOffset PushedAt, string By, string? ByKey, string? Comment, JsonElement Aliases,
    decimal? TrialPercent);

/// <param name="Owner">The tenant; empty for all.</param>
public sealed record StoredChange(
    string Owner, DateTimeOffset At, string Change, string? Alias, int? FromVersion, int? ToVersion, decimal? Percent, string By, string? ByKey);

/// <summary>What became of the runs of one version.</summary>
/// <param name="Runs">All, also those that have not ended.</param>
/// <param name="CostUsd">US dollars of priced calls, exact. Null for callers who may not see it.</param>
/// <param name="UnpricedCalls">Calls whose cost is unknown, not zero.</param>
/// <param name="P50Seconds">From being queued to being completed, of half of the completed runs at most. Null when none is.</param>
/// <param name="P95Seconds">The same of 95 of a hundred.</param>
public sealed record VersionOutcome(
    long Runs, long Completed, long Failed, long Cancelled, long Parked, decimal? CostUsd, long UnpricedCalls, double? P50Seconds,
    double? P95Seconds);
