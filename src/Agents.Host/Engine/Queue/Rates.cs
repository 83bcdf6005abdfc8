using Agents.Host.Models;
using Agents.Host.Platform;
using Npgsql;

namespace Agents.Host.Engine.Queue;

/// <summary>
/// The rates as the database keeps them, in <c>agents.rate</c>, by entry and the provider's own name of the model; each question is one short
/// statement.
/// </summary>
public sealed class Rates(NpgsqlDataSource database, INode node, ModelProviders providers, ILogger<Rates> log) : IRates
{
    public async Task<(long? Second, TimeSpan? Wait)> Ask(string tenant, Guid runId, string model, long tokens, TimeSpan longest, CancellationToken ct)
    {
        var (entry, name) = providers.Of(model);
        var taken = await database.First<Taken>(
            "select taken_second, wait from agents.take_rate(@provider, @model, @tokens, @tenant, @run_id, @node, @longest)",
            new { provider = entry.Name, model = name, tokens, tenant, runId, node = node.Name, longest }, ct);
        return (taken.TakenSecond, taken.Wait);
    }

    public Task GiveBack(string model, long second, long tokens)
    {
        var (entry, name) = providers.Of(model);
        return Try("call agents.give_back_rate(@provider, @model, @second, @tokens)", new { provider = entry.Name, model = name, second, tokens });
    }

    public Task Settle(string model, long second, long reserved, long tokens, TimeSpan sinceHeard)
    {
        var (entry, name) = providers.Of(model);
        return Try(
            "call agents.settle_rate(@provider, @model, @second, @reserved, @tokens, @seconds_ago)",
            new { provider = entry.Name, model = name, second, reserved, tokens, secondsAgo = sinceHeard.TotalSeconds });
    }

    public Task Note(string model, RateTold? told, TimeSpan? retryAfter)
    {
        var (entry, name) = providers.Of(model);
        return Try(
            """
            call agents.note_rate(
              @provider, @model, @requests_per_minute, @tokens_per_minute, @requests_left, @requests_reset, @tokens_left, @tokens_reset, @retry_after)
            """,
            new
            {
                provider = entry.Name,
                model = name,
                told?.RequestsPerMinute,
                told?.TokensPerMinute,
                told?.RequestsLeft,
                told?.RequestsReset,
                told?.TokensLeft,
                told?.TokensReset,
                retryAfter,
            });
    }

    /// <summary>The call's outcome must not be lost for this: without it, a little less is let through for a minute.</summary>
    async Task Try(string sql, object values)
    {
        try
        {
            await database.Execute(sql, values, CancellationToken.None);
        }
        catch (NpgsqlException away)
        {
            log.LogWarning("A rate is not corrected: {Reason}", away.Message);
        }
    }

    readonly record struct Taken(long? TakenSecond, TimeSpan? Wait);
}
