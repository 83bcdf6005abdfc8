using Agents.Domain.Costs;
using Agents.Host.Platform;
using Agents.Projections;
using Npgsql;

namespace Agents.Host.Engine.Money;

/// <summary>Values calls by another price list, beside what they cost. What they cost stays as it is.</summary>
static class Repricing
{
    const int Batch = 5_000;

    /// <param name="until">The last day, included.</param>
    /// <param name="tenant">Null for all.</param>
    /// <returns>Per tenant and model; null when there is no such list.</returns>
    public static async Task<IReadOnlyList<Repriced>?> Run(
        NpgsqlDataSource database, string version, DateOnly from, DateOnly until, string? tenant, string by, CancellationToken ct)
    {
        if (await ListOf(database, version, ct) is not { } list) return null;

        var differences = new SortedDictionary<(string Tenant, string Model), Repriced>();
        await using var reading = await database.OpenConnectionAsync(ct);
        await using var writing = await database.OpenConnectionAsync(ct);
        await using var transaction = await writing.BeginTransactionAsync(ct);
        var calls = reading.Stream<CallRow>(
            $"""
            select tenant_id, run_id, version, model, provider, service_tier, cost_usd, {UsageColumns.All}
            from finance.model_call
            where day between @from and @until and (@tenant is null or tenant_id = @tenant) and input_tokens is not null and model is not null
            """, new { from, until, tenant }, ct);

        var valued = new List<(string Tenant, Guid Run, long Version, decimal Usd)>();
        await foreach (var call in calls)
        {
            var (owner, model) = (call.TenantId, call.Model);
            var cost = list.At(call.Provider).Of(model, call.Usage, call.ServiceTier);
            var sum = differences.GetValueOrDefault((owner, model)) ?? new(owner, model, 0, 0, 0, 0);
            differences[(owner, model)] = sum.With(call.CostUsd, cost?.Usd);
            if (cost is null) continue;

            valued.Add((owner, call.RunId, call.Version, cost.Usd));
            if (valued.Count == Batch) await Store(writing, version, by, valued, ct);
        }

        await Store(writing, version, by, valued, ct);
        await transaction.CommitAsync(ct);
        return [.. differences.Values];
    }

    static async Task<PriceList?> ListOf(NpgsqlDataSource database, string version, CancellationToken ct) =>
        await database.First<string>("select body from finance.price_list where version = @version", new { version }, ct) is { } body
            ? PriceListFormat.Read(body)
            : null;

    /// <summary>A call is valued by a list once: the same list would say the same again.</summary>
    static async Task Store(
        NpgsqlConnection connection, string priceVersion, string by, List<(string Tenant, Guid Run, long Version, decimal Usd)> valued,
        CancellationToken ct)
    {
        await connection.Execute(
            """
            insert into finance.valuation (tenant_id, run_id, version, price_version, usd, valued_by)
            select t, r, v, @price_version, u, @by from unnest(@tenants, @runs, @versions, @usd) as valued(t, r, v, u)
            on conflict do nothing
            """,
            new
            {
                priceVersion,
                by,
                tenants = valued.Select(call => call.Tenant).ToArray(),
                runs = valued.Select(call => call.Run).ToArray(),
                versions = valued.Select(call => call.Version).ToArray(),
                usd = valued.Select(call => call.Usd).ToArray(),
            }, ct);
        valued.Clear();
    }

    sealed record CallRow(
        string TenantId, Guid RunId, long Version, string Model, string? Provider, string? ServiceTier, decimal? CostUsd, Usage Usage);
}

/// <summary>A tenant's calls of one model, by what they cost and by another list.</summary>
/// <param name="Calls">That the other list knows.</param>
/// <param name="FirstUsd">What those of them cost that had a price then.</param>
/// <param name="ThenUsd">What the other list says of all of them.</param>
/// <param name="Unpriced">That the other list does not know; in neither sum.</param>
public sealed record Repriced(string Tenant, string Model, long Calls, decimal FirstUsd, decimal ThenUsd, long Unpriced)
{
    public decimal DifferenceUsd => ThenUsd - FirstUsd;

    internal Repriced With(decimal? first, decimal? then) => then is { } usd
        ? this with { Calls = Calls + 1, FirstUsd = FirstUsd + (first ?? 0), ThenUsd = ThenUsd + usd }
        : this with { Unpriced = Unpriced + 1 };
}
