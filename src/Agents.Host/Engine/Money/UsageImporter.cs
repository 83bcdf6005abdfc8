using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Engine.Money;

/// <summary>Stores the rows of an export, resolves what they settle, and compares.</summary>
public sealed class UsageImporter(NpgsqlDataSource database, IDocumentStore store, Definitions definitions, Prices published)
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

        return new(rows.Count, added, resolved, rows.Count == 0 ? [] : await Compare(caller.Tenant, rows.Min(row => row.At), rows.Max(row => row.At), ct), null);
    }

    /// <summary>As billed; else by the price list in force, whose version is then named.</summary>
    static (decimal? Usd, string? PriceVersion) CostOf(UsageRow row, PriceList prices)
    {
        if (row.CostUsd is { } billed) return (billed, null);
        var cost = prices.Of(row.Model, new(row.InputTokens ?? 0, row.OutputTokens ?? 0));
        return (cost?.Usd, cost?.PriceVersion);
    }

    async Task<int> Insert(Caller caller, IReadOnlyList<(UsageRow Row, (decimal? Usd, string? PriceVersion) Cost)> told, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            insert into finance.provider_usage
              (tenant_id, imported_by, row_id, at, model, response_id, run_id, call, attempt, input_tokens, output_tokens, cost_usd, price_version)
            select $1, $2, * from unnest($3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::uuid[], $8::integer[], $9::integer[], $10::bigint[], $11::bigint[], $12::numeric[], $13::text[])
            on conflict do nothing
            """);
        command.Parameters.Add(new() { Value = caller.Tenant });
        command.Parameters.Add(new() { Value = caller.Name });
        Add(one => one.Row.RowId);
        Add(one => one.Row.At);
        Add(one => one.Row.Model);
        Add(one => one.Row.ResponseId);
        Add(one => one.Row.Request?.RunId);
        Add(one => one.Row.Request?.Call);
        Add(one => one.Row.Request?.Attempt);
        Add(one => one.Row.InputTokens);
        Add(one => one.Row.OutputTokens);
        Add(one => one.Cost.Usd);
        Add(one => one.Cost.PriceVersion);
        return await command.ExecuteNonQueryAsync(ct);

        void Add<T>(Func<(UsageRow Row, (decimal? Usd, string? PriceVersion) Cost), T> column) =>
            command.Parameters.Add(new() { Value = told.Select(column).ToArray() });
    }

    async Task<bool> Resolve(Caller caller, (Guid RunId, int Call, int Attempt) request, decimal usd, CancellationToken ct)
    {
        await using var session = store.LightweightSession(caller.Tenant);
        var known = await session.LoadAsync<Run>(request.RunId, ct);
        if (known?.Unconfirmed.Exists(lost => lost.Call == request.Call && lost.Attempt == request.Attempt) is not true) return false;

        var command = new Domain.Runs.ResolveSpend(request.Call, request.Attempt, usd, SpendSource.ProviderExport, caller.Name);
        var decision = await session.Decide(request.RunId, definitions, (run, agent) => RunDecider.Decide(run, agent, command), ct);
        await session.SaveChangesAsync(ct);
        return decision is { Events.Count: > 0 };
    }

    async Task<IReadOnlyList<Variance>> Compare(string tenant, DateTimeOffset from, DateTimeOffset until, CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            """
            select hour, model, calls, provider_usd, matched_usd, explained_usd, unexplained_usd, below_usd, unpriced_calls from finance.variance
            where tenant_id = $1 and hour >= date_trunc('hour', $2 at time zone 'UTC') and hour <= $3 at time zone 'UTC' order by hour, model
            """);
        command.Parameters.Add(new() { Value = tenant });
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var variances = new List<Variance>();
        while (await rows.ReadAsync(ct))
            variances.Add(new(
                DateTime.SpecifyKind(rows.GetDateTime(0), DateTimeKind.Utc), rows.GetString(1), rows.GetInt64(2), rows.IsDBNull(3) ? null : rows.GetDecimal(3),
                rows.GetDecimal(4), rows.GetDecimal(5), rows.GetDecimal(6), rows.GetDecimal(7), rows.GetInt64(8)));
        return variances;
    }
}
