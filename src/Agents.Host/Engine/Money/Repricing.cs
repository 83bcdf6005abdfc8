using Agents.Domain.Costs;
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
        await using var command = new NpgsqlCommand(
            """
            select tenant_id, run_id, version, model, service_tier, cost_usd, input_tokens, output_tokens, cached_input_tokens,
              cache_write_5_minutes_tokens, cache_write_1_hour_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens, web_searches
            from finance.model_call
            where day between $1 and $2 and ($3::text is null or tenant_id = $3) and input_tokens is not null and model is not null
            """, reading);
        command.Parameters.Add(new() { Value = from });
        command.Parameters.Add(new() { Value = until });
        command.Parameters.Add(new() { Value = (object?)tenant ?? DBNull.Value });
        await using var rows = await command.ExecuteReaderAsync(ct);

        var valued = new List<(string Tenant, Guid Run, long Version, decimal Usd)>();
        while (await rows.ReadAsync(ct))
        {
            var (owner, model) = (rows.GetString(0), rows.GetString(3));
            var usage = new Usage(
                rows.GetInt64(6), rows.GetInt64(7), rows.GetInt64(8), rows.GetInt64(9), rows.GetInt64(10), rows.GetInt64(11), rows.GetInt64(12),
                rows.GetInt64(13), rows.GetInt64(14));
            var cost = list.Of(model, usage, rows.IsDBNull(4) ? null : rows.GetString(4));
            var sum = differences.GetValueOrDefault((owner, model)) ?? new(owner, model, 0, 0, 0, 0);
            differences[(owner, model)] = sum.With(rows.IsDBNull(5) ? null : rows.GetDecimal(5), cost?.Usd);
            if (cost is null) continue;

            valued.Add((owner, rows.GetGuid(1), rows.GetInt64(2), cost.Usd));
            if (valued.Count == Batch) await Store(writing, version, by, valued, ct);
        }

        await Store(writing, version, by, valued, ct);
        await transaction.CommitAsync(ct);
        return [.. differences.Values];
    }

    static async Task<PriceList?> ListOf(NpgsqlDataSource database, string version, CancellationToken ct)
    {
        await using var command = database.CreateCommand("select body from finance.price_list where version = $1");
        command.Parameters.Add(new() { Value = version });
        return await command.ExecuteScalarAsync(ct) is string body ? PriceListFormat.Read(body) : null;
    }

    /// <summary>A call is valued by a list once: the same list would say the same again.</summary>
    static async Task Store(NpgsqlConnection connection, string version, string by, List<(string Tenant, Guid Run, long Version, decimal Usd)> valued, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            """
            insert into finance.valuation (tenant_id, run_id, version, price_version, usd, valued_by)
            select t, r, v, $5, u, $6 from unnest($1::text[], $2::uuid[], $3::bigint[], $4::numeric[]) as valued(t, r, v, u) on conflict do nothing
            """, connection);
        foreach (var value in new object[]
                 {
                     valued.Select(call => call.Tenant).ToArray(), valued.Select(call => call.Run).ToArray(), valued.Select(call => call.Version).ToArray(),
                     valued.Select(call => call.Usd).ToArray(), version, by,
                 })
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
        valued.Clear();
    }
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
