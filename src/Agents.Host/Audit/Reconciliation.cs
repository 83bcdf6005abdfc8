using Agents.Domain.Runs;
using Agents.Host.Api.Costs;
using Agents.Projections;
using Marten;

namespace Agents.Host.Audit;

/// <summary>
/// Proves that the money in the facts is the money that finance reads, to the last digit: for each tenant, day, model and run, in the ledger, in the
/// views and in the dashboard, all as they stood at one moment. Writes nothing.
/// </summary>
public static class Reconciliation
{
    /// <summary>Sums that were made of <c>finance.model_call</c>, each as a source with tenant, dimension, key and sum.</summary>
    const string Sources =
        """
        select 'finance.model_call' as source, tenant_id,
          case grouping(day, model, run_id) when 7 then 'tenant' when 3 then 'day' when 5 then 'model' else 'run' end as dimension,
          case grouping(day, model, run_id) when 7 then tenant_id when 3 then day::text when 5 then coalesce(model, '') else run_id::text end as key,
          sum(cost_usd) as cost_usd
        from finance.model_call
        where @tenant is null or tenant_id = @tenant
        group by grouping sets ((tenant_id), (tenant_id, day), (tenant_id, model), (tenant_id, run_id))
        union all
        select 'finance.daily_cost', tenant_id, 'day', day::text, sum(cost_usd) from finance.daily_cost
        where @tenant is null or tenant_id = @tenant
        group by tenant_id, day
        union all
        select 'finance.cost_by_tenant', tenant_id, 'tenant', tenant_id, sum(cost_usd) from finance.cost_by_tenant
        where @tenant is null or tenant_id = @tenant
        group by tenant_id
        union all
        select 'finance.cost_by_agent', tenant_id, 'day', day::text, sum(cost_usd) from finance.cost_by_agent
        where @tenant is null or tenant_id = @tenant
        group by tenant_id, day
        union all
        select 'finance.cost_by_model', tenant_id, 'model', coalesce(model, ''), sum(cost_usd) from finance.cost_by_model
        where @tenant is null or tenant_id = @tenant
        group by tenant_id, model
        union all
        select 'finance.cost_by_run', tenant_id, 'run', run_id::text, sum(cost_usd) from finance.cost_by_run
        where @tenant is null or tenant_id = @tenant
        group by tenant_id, run_id
        union all
        select 'finance.charge', tenant_id, 'run', run_id::text, sum(usd) from finance.charge
        where is_first and (@tenant is null or tenant_id = @tenant)
        group by tenant_id, run_id
        union all
        select 'finance.focus', tenant_id, 'day', day::text, sum("BilledCost") from finance.focus
        where @tenant is null or tenant_id = @tenant
        group by tenant_id, day
        union all
        select 'agents.run_summary', tenant_id, 'run', run_id::text, cost_usd from agents.run_summary
        where @tenant is null or tenant_id = @tenant
        """;

    /// <summary>What is stored of closed days, and what it was made from.</summary>
    static readonly (string Stored, string Made)[] ClosedDays = [("day_sum", "call_sum"), ("day_run", "run_sum"), ("day_waste", "waste_sum")];

    /// <summary>Stored sums of closed days that are not the sums of what they were made from: which of the two it is, and the row.</summary>
    static string WrongDays(string stored, string made) =>
        $"""
        with stored as (
          select to_jsonb(s) as sums from finance.{stored} s
          where not exists (select from finance.open_day o where o.tenant_id = s.tenant_id and o.day = s.day)
            and (@tenant is null or tenant_id = @tenant)
        ), made as (
          select to_jsonb(m) as sums from finance.{made} m
          where not exists (select from finance.open_day o where o.tenant_id = m.tenant_id and o.day = m.day)
            and (@tenant is null or tenant_id = @tenant)
        )
        select 'stored as' as which, sums::text as row from (select * from stored except all select * from made) wrong
        union all select 'in truth', sums::text from (select * from made except all select * from stored) wrong
        """;

    static readonly string[] Dimensions = ["tenant", "day", "model", "run"];

    /// <param name="ledger">The file of a provider that wrote down each request; see <see cref="ProviderLedger"/>. Null leaves it out.</param>
    /// <param name="tenant">Null for all.</param>
    /// <returns>Null when the database has no tables of Agents.</returns>
    /// <exception cref="Npgsql.NpgsqlException">The database cannot be reached.</exception>
    public static async Task<VerificationReport?> Run(string connectionString, string? ledger, string? tenant, CancellationToken ct)
    {
        await using var snapshot = await Snapshot.Open(connectionString, ct);
        var isThere = await snapshot.Value<bool>(
            "select to_regclass('agents.mt_streams') is not null and to_regclass('finance.day_group') is not null", null, ct);
        if (!isThere) return null;

        var at = await snapshot.Value<DateTimeOffset>("select now()", null, ct);
        var store = new StoreOptions();
        store.AddRunStore();
        var checks = Dimensions.ToDictionary(
            dimension => dimension, dimension => new Invariant(dimension, $"By {dimension}, facts, ledger, views and dashboard have the same cost."));
        var priced = new Invariant("price", "Each priced call cost its tokens times the prices that applied, and its fees.");
        var closed = new Invariant("sums", "The stored sums of each closed day are the sums of its calls and runs.");
        var asked = new Invariant(
            "ledger", "The provider was asked what the facts say, and billed between what is confirmed and that with what is not.");
        var requests = ledger is null ? null : await ProviderLedger.Read(ledger, asked, ct);

        var facts = new Sums();
        await foreach (var run in new StoredRuns(snapshot, store.Serializer()).All(tenant, ct))
        {
            foreach (var row in MoneyRow.AllOf(run.Facts))
                if (row.CostUsd is { } cost) facts.Add(run, row, cost);
            priced.Check(Mispriced(run));
            foreach (var violation in requests?.In(run) ?? []) asked.Violate(violation);
            if (requests?.Bill(run) is { } wrong) asked.Violate(wrong);
        }

        foreach (var (source, sums) in await ReadSums(snapshot, facts, tenant, ct)) facts.Compare(source, sums, checks);
        closed.Count(await snapshot.Value<long>(
            "select count(*) from (select tenant_id, day from finance.day_sum union select tenant_id, day from finance.open_day) days", null, ct));
        foreach (var (stored, made) in ClosedDays)
            await foreach (var wrong in snapshot.Rows<WrongDay>(WrongDays(stored, made), new { tenant }, ct))
                closed.Violate($"finance.{stored} {wrong.Which} {wrong.Row}");
        foreach (var (dimension, check) in checks) check.Count(facts.Of(dimension).Count);
        checks["tenant"].Note = FormattableString.Invariant($"{facts.Of("tenant").Values.Sum()} USD");
        requests?.Check(asked, isWhole: tenant is null);
        return new(at, [.. checks.Values, priced, closed, .. requests is null ? Array.Empty<Invariant>() : [asked]]);
    }

    static IEnumerable<string> Mispriced(StoredRun run) =>
        from fact in run.Facts
        let priced = fact.Happened switch
        {
            ModelCallCompleted e => (e.Cost, e.Usage),
            ModelCallFailed e => (e.Cost, e.Usage),
            _ => (null, null),
        }
        where priced is { Cost.Unit: not null, Usage: not null } && priced.Cost.Unit.Of(priced.Usage) != priced.Cost.Usd
        select FormattableString.Invariant(
            $"{run}: {fact} cost {priced.Cost!.Usd} USD, and its tokens times prices and its fees are {priced.Cost.Unit!.Of(priced.Usage!)}");

    /// <summary>Every source that tells a sum, and what it tells.</summary>
    static async Task<Dictionary<string, Sums>> ReadSums(Snapshot snapshot, Sums facts, string? tenant, CancellationToken ct)
    {
        var told = new Dictionary<string, Sums>();
        await foreach (var row in snapshot.Rows<StoredSum>(Sources, new { tenant }, ct))
        {
            if (!told.TryGetValue(row.Source, out var sums)) told.Add(row.Source, sums = new());
            sums.Add(row.TenantId, row.Dimension, row.Key, row.CostUsd ?? 0);
        }

        var dashboard = new Sums();
        foreach (var name in facts.Tenants().Union(told.Values.SelectMany(sums => sums.Tenants())).ToList())
        foreach (var dimension in Dimensions)
        {
            var figures = await DashboardReader.Read(
                snapshot.Connection, name, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200), dimension, ct, int.MaxValue - 1);
            foreach (var group in figures.Items) dashboard.Add(name, dimension, group.Key ?? "", group.Figures.CostUsd);
        }

        told["GET /dashboard"] = dashboard;
        foreach (var source in Expected) told.TryAdd(source, new());
        return told;
    }

    sealed record StoredSum(string Source, string TenantId, string Dimension, string Key, decimal? CostUsd);

    sealed record WrongDay(string Which, string Row);

    static readonly string[] Expected =
    [
        "finance.model_call", "finance.daily_cost", "finance.cost_by_tenant", "finance.cost_by_agent", "finance.cost_by_model", "finance.cost_by_run",
        "finance.charge", "finance.focus", "agents.run_summary",
    ];

    static readonly IReadOnlyDictionary<string, string[]> DimensionsOf = new Dictionary<string, string[]>
    {
        ["finance.model_call"] = Dimensions, ["GET /dashboard"] = Dimensions, ["finance.daily_cost"] = ["day"],
        ["finance.cost_by_tenant"] = ["tenant"],
        ["finance.cost_by_agent"] = ["day"], ["finance.cost_by_model"] = ["model"], ["finance.cost_by_run"] = ["run"], ["finance.charge"] = ["run"],
        ["finance.focus"] = ["day"], ["agents.run_summary"] = ["run"],
    };

    /// <summary>Sums of money by tenant and by day, model and run of each.</summary>
    sealed class Sums
    {
        readonly Dictionary<string, Dictionary<(string Tenant, string Key), decimal>> sums =
            Dimensions.ToDictionary(dimension => dimension, _ => new Dictionary<(string, string), decimal>());

        public IReadOnlyDictionary<(string Tenant, string Key), decimal> Of(string dimension) => sums[dimension];

        public IEnumerable<string> Tenants() => sums.Values.SelectMany(dimension => dimension.Keys).Select(key => key.Tenant).Distinct();

        public void Add(string tenant, string dimension, string key, decimal usd) =>
            sums[dimension][(tenant, key)] = sums[dimension].GetValueOrDefault((tenant, key)) + usd;

        public void Add(StoredRun run, MoneyRow row, decimal usd)
        {
            Add(run.Tenant, "tenant", run.Tenant, usd);
            Add(run.Tenant, "day", $"{row.Day:yyyy-MM-dd}", usd);
            Add(run.Tenant, "model", row.Model ?? "", usd);
            Add(run.Tenant, "run", run.Id.ToString(), usd);
        }

        /// <summary>Names each sum that another source tells otherwise.</summary>
        public void Compare(string source, Sums told, IReadOnlyDictionary<string, Invariant> checks)
        {
            foreach (var dimension in DimensionsOf[source])
            foreach (var key in sums[dimension].Keys.Union(told.sums[dimension].Keys).Order())
            {
                var (here, there) = (sums[dimension].GetValueOrDefault(key), told.sums[dimension].GetValueOrDefault(key));
                if (here != there)
                    checks[dimension].Violate(FormattableString.Invariant(
                        $"{key.Tenant}, {dimension} {key.Key}: {here} USD by the facts, {there} in {source}"));
            }
        }
    }
}
