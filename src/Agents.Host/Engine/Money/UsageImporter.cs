using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Money;

/// <summary>Stores the rows of an export, resolves what they settle, and compares.</summary>
public sealed class UsageImporter(NpgsqlDataSource database, RunTransactions transactions, IDefinitions definitions, Prices published)
{
    public async Task<UsageImport> Import(Caller caller, IReadOnlyList<UsageRow> rows, CancellationToken ct)
    {
        var prices = await published.InForce(caller.Tenant, ct);
        var priced = rows.Select(row => (Row: row, Cost: CostOf(row, prices))).ToList();
        var added = await Insert(caller, priced, ct);

        var resolved = 0;
        var billed = priced.Where(told => told.Row.Request is not null && told.Cost.Usd is not null).GroupBy(told => told.Row.Request!.Value);
        foreach (var attempt in billed)
            if (await Resolve(caller, attempt.Key, attempt.Sum(told => told.Cost.Usd!.Value), ct)) resolved++;

        IReadOnlyList<Variance> compared = rows.Count == 0
            ? []
            : await Compare(caller.Tenant, rows.Min(row => row.At), rows.Max(row => row.At), ct);
        return new(rows.Count, added, resolved, compared, null);
    }

    /// <summary>As billed; else by the price list in force, whose version is then named.</summary>
    static (decimal? Usd, string? PriceVersion) CostOf(UsageRow row, PriceList prices)
    {
        if (row.CostUsd is { } billed) return (billed, null);
        var cost = prices.Of(row.Model, new(row.InputTokens ?? 0, row.OutputTokens ?? 0));
        return (cost?.Usd, cost?.PriceVersion);
    }

    Task<int> Insert(Caller caller, IReadOnlyList<(UsageRow Row, (decimal? Usd, string? PriceVersion) Cost)> told, CancellationToken ct)
    {
        return database.Execute(
            """
            insert into finance.provider_usage
              (tenant_id, imported_by, imported_by_key, row_id, at, model, response_id, run_id, call, attempt, input_tokens, output_tokens, cost_usd,
               price_version)
            select @tenant, @by, @by_key, * from unnest(
              @row_ids, @ats, @models, @response_ids, @run_ids, @calls, @attempts, @input_tokens, @output_tokens, @costs, @price_versions)
            on conflict do nothing
            """,
            new
            {
                caller.Tenant,
                by = caller.Name,
                byKey = caller.KeyId,
                rowIds = All(one => one.Row.RowId),
                ats = All(one => one.Row.At),
                models = All(one => one.Row.Model),
                responseIds = All(one => one.Row.ResponseId),
                runIds = All(one => one.Row.Request?.RunId),
                calls = All(one => one.Row.Request?.Call),
                attempts = All(one => one.Row.Request?.Attempt),
                inputTokens = All(one => one.Row.InputTokens),
                outputTokens = All(one => one.Row.OutputTokens),
                costs = All(one => one.Cost.Usd),
                priceVersions = All(one => one.Cost.PriceVersion),
            }, ct);

        T[] All<T>(Func<(UsageRow Row, (decimal? Usd, string? PriceVersion) Cost), T> column) => [.. told.Select(column)];
    }

    async Task<bool> Resolve(Caller caller, (Guid RunId, int Call, int Attempt) request, decimal usd, CancellationToken ct)
    {
        await using var transaction = transactions.Begin(caller.Tenant);
        if (await transaction.Checkpoints([request.RunId], ct) is not [var known]
            || !known.Unconfirmed.Exists(lost => lost.Call == request.Call && lost.Attempt == request.Attempt)) return false;

        var command = new Domain.Runs.ResolveSpend(request.Call, request.Attempt, usd, SpendSource.ProviderExport, caller.Name, caller.KeyId);
        var decision = await transaction.Decide(request.RunId, definitions, (run, agent) => RunDecider.Decide(run, agent, command), ct);
        await transaction.Commit(ct);
        return decision is { Events.Count: > 0 };
    }

    async Task<IReadOnlyList<Variance>> Compare(string tenant, DateTimeOffset from, DateTimeOffset until, CancellationToken ct) =>
        await database.Query<Variance>(
            """
            select v.hour at time zone 'UTC' as hour, v.model, v.calls, v.provider_usd, v.matched_usd, v.explained_usd, v.unexplained_usd,
              v.below_usd, v.unpriced_calls
            from finance.variance v
            where v.tenant_id = @tenant and v.hour >= date_trunc('hour', @from at time zone 'UTC') and v.hour <= @until at time zone 'UTC'
            order by v.hour, v.model
            """, new { tenant, from, until }, ct);
}
