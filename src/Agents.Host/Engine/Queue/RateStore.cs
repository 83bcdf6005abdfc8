using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>The limits of a provider's model, and how much of them is used. All nodes and tenants share them.</summary>
/// <param name="RequestsPerMinute">Set by a person; null for no limit.</param>
/// <param name="ToldRequestsPerMinute">As the provider names it in its replies; null when it names none. The lower one counts.</param>
/// <param name="UsedRequests">Let through in the last minute.</param>
/// <param name="UsedTokens">The same; calls under way count at their upper bound.</param>
/// <param name="ClosedUntil">The provider asked to be left alone until then; null when it did not.</param>
/// <param name="WaitingRuns">Runs that have given their slots back until there is room.</param>
/// <param name="SetBy">Null when no limit was set.</param>
/// <param name="SetByKey">The id of the key with which it was set. Null when the server needed none, and when no limit was set.</param>
public sealed record RateView(
    string Provider, string Model, int? RequestsPerMinute, long? TokensPerMinute, int? ToldRequestsPerMinute, long? ToldTokensPerMinute,
    long UsedRequests, long UsedTokens, DateTimeOffset? ClosedUntil, int WaitingRuns, string? SetBy, DateTimeOffset? SetAt,
    string? SetByKey);

/// <summary>Reads and changes limits.</summary>
public sealed class RateStore(NpgsqlDataSource database)
{
    /// <summary>In the order of provider and model; one only when it is named.</summary>
    public async Task<IReadOnlyList<RateView>> List(string? provider, string? model, CancellationToken ct) => await database.Query<RateView>(
        """
        select r.provider, r.model, r.requests_per_minute, r.tokens_per_minute, r.told_requests_per_minute, r.told_tokens_per_minute,
          u.requests as used_requests, u.tokens as used_tokens,
          case when r.closed_until > clock_timestamp() then r.closed_until end as closed_until,
          (select count(*) from agents.run_queue q
           where q.waits_for = 'rate' and q.rate_provider = r.provider and q.rate_model = r.model and q.state = 'running'
             and q.not_before > clock_timestamp()) as waiting_runs,
          r.set_by, r.set_at, r.set_by_key
        from agents.rate r left join lateral (
          select coalesce(sum(requests), 0)::bigint as requests, coalesce(sum(tokens), 0)::bigint as tokens from agents.rate_use u
          where u.provider = r.provider and u.model = r.model and u.second >= floor(extract(epoch from clock_timestamp())) - 60) u on true
        where @provider is null or (r.provider = @provider and r.model = @model)
        order by r.provider, r.model
        """, new { provider, model }, ct);

    /// <summary>Runs that wait try again at once.</summary>
    public async Task Set(string provider, string model, int? requestsPerMinute, long? tokensPerMinute, Actor by, CancellationToken ct)
    {
        await database.Execute(
            """
            with changed as (
              insert into agents.rate (provider, model, requests_per_minute, tokens_per_minute, set_by, set_by_key, set_at)
              values (@provider, @model, @requests_per_minute, @tokens_per_minute, @by, @key_id, clock_timestamp())
              on conflict (provider, model) do update
              set requests_per_minute = excluded.requests_per_minute, tokens_per_minute = excluded.tokens_per_minute,
                set_by = excluded.set_by, set_by_key = excluded.set_by_key, set_at = excluded.set_at, last_wait = null)
            insert into agents.change (kind, subject, change, by, by_key)
            values ('rate', @provider || '/' || @model,
              concat_ws(', ', 'set', 'requestsPerMinute ' || @requests_per_minute::text, 'tokensPerMinute ' || @tokens_per_minute::text),
              @by, @key_id)
            """, new { provider, model, requestsPerMinute, tokensPerMinute, by = by.Name, by.KeyId }, ct);
        await LetTry(provider, model, ct);
    }

    /// <summary>What the provider told is forgotten, too, until it tells again. False when there was no such limit.</summary>
    public async Task<bool> Remove(string provider, string model, Actor by, CancellationToken ct)
    {
        var removed = await database.Execute(
            """
            with removed as (delete from agents.rate where provider = @provider and model = @model returning *)
            insert into agents.change (kind, subject, change, by, by_key)
            select 'rate', @provider || '/' || @model, 'removed', @by, @key_id from removed
            """, new { provider, model, by = by.Name, by.KeyId }, ct);
        if (removed == 0) return false;

        await LetTry(provider, model, ct);
        return true;
    }

    Task LetTry(string provider, string model, CancellationToken ct) => database.Execute(
        """
        update agents.run_queue set not_before = clock_timestamp()
        where waits_for = 'rate' and rate_provider = @provider and rate_model = @model and state = 'running' and node is null
          and not_before > clock_timestamp()
        """, new { provider, model }, ct);
}
