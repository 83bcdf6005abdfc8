using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>The limits of a provider's model, and how much of them is used. All nodes and tenants share them.</summary>
/// <param name="RequestsPerMinute">Set by a person; null for no limit.</param>
/// <param name="ToldRequestsPerMinute">As the provider names it in its replies; null when it names none. The lower one counts.</param>
/// <param name="UsedRequests">Let through in the last minute.</param>
/// <param name="UsedTokens">The same; calls under way count at their upper bound.</param>
/// <param name="ClosedUntil">The provider asked to be left alone until then; null when it did not.</param>
/// <param name="WaitingRuns">Runs that have given their slots back until there is room.</param>
/// <param name="SetBy">Null when nobody has set a limit.</param>
public sealed record RateView(
    string Provider, string Model, int? RequestsPerMinute, long? TokensPerMinute, int? ToldRequestsPerMinute, long? ToldTokensPerMinute,
    long UsedRequests, long UsedTokens, DateTimeOffset? ClosedUntil, int WaitingRuns, string? SetBy, DateTimeOffset? SetAt);

/// <summary>Reads and changes limits.</summary>
public sealed class RateStore(NpgsqlDataSource database)
{
    /// <summary>In the order of provider and model; one only when it is named.</summary>
    public async Task<IReadOnlyList<RateView>> List(string? provider, string? model, CancellationToken ct)
    {
        await using var command = Command(
            """
            select r.provider, r.model, r.requests_per_minute, r.tokens_per_minute, r.told_requests_per_minute, r.told_tokens_per_minute,
              u.requests, u.tokens, case when r.closed_until > clock_timestamp() then r.closed_until end,
              (select count(*)::int from agents.run_queue q where q.waits_for = 'rate ' || r.provider || '/' || r.model and q.state = 'running' and q.not_before > clock_timestamp()),
              r.set_by, r.set_at
            from agents.rate r left join lateral (
              select coalesce(sum(requests), 0)::bigint as requests, coalesce(sum(tokens), 0)::bigint as tokens from agents.rate_use u
              where u.provider = r.provider and u.model = r.model and u.second >= floor(extract(epoch from clock_timestamp())) - 60) u on true
            where ($1::text is null or (r.provider = $1 and r.model = $2)) order by r.provider, r.model
            """, provider, model);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var rates = new List<RateView>();
        while (await rows.ReadAsync(ct))
            rates.Add(new(
                rows.GetString(0), rows.GetString(1), Get<int?>(rows, 2), Get<long?>(rows, 3), Get<int?>(rows, 4), Get<long?>(rows, 5),
                rows.GetInt64(6), rows.GetInt64(7), Get<DateTimeOffset?>(rows, 8), rows.GetInt32(9), Get<string?>(rows, 10), Get<DateTimeOffset?>(rows, 11)));
        return rates;
    }

    /// <summary>Runs that wait try again at once.</summary>
    public async Task Set(string provider, string model, int? requestsPerMinute, long? tokensPerMinute, string by, CancellationToken ct)
    {
        await using var command = Command(
            """
            insert into agents.rate (provider, model, requests_per_minute, tokens_per_minute, set_by, set_at) values ($1, $2, $3::integer, $4::bigint, $5, clock_timestamp())
            on conflict (provider, model) do update set requests_per_minute = excluded.requests_per_minute, tokens_per_minute = excluded.tokens_per_minute,
              set_by = excluded.set_by, set_at = excluded.set_at, last_wait = null
            """, provider, model, requestsPerMinute, tokensPerMinute, by);
        await command.ExecuteNonQueryAsync(ct);
        await LetTry(provider, model, ct);
    }

    /// <summary>What the provider told is forgotten, too, until it tells again. False when there was no such limit.</summary>
    public async Task<bool> Remove(string provider, string model, CancellationToken ct)
    {
        await using var command = Command("delete from agents.rate where provider = $1 and model = $2", provider, model);
        if (await command.ExecuteNonQueryAsync(ct) == 0) return false;

        await LetTry(provider, model, ct);
        return true;
    }

    async Task LetTry(string provider, string model, CancellationToken ct)
    {
        await using var command = Command(
            "update agents.run_queue set not_before = clock_timestamp() where waits_for = $1 and state = 'running' and node is null and not_before > clock_timestamp()", $"rate {provider}/{model}");
        await command.ExecuteNonQueryAsync(ct);
    }

    NpgsqlCommand Command(string sql, params object?[] values)
    {
        var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value ?? DBNull.Value });
        return command;
    }

    static T? Get<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? default : row.GetFieldValue<T>(column);
}
