using System.Text.Json;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Platform;
using Marten;
using Npgsql;
using Wolverine;
using Wolverine.Marten;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Hands the events of budgets over to the webhooks: an event becomes a durable message to each address, in the transaction that marks it as
/// announced, so that it goes out once however many nodes look.
/// </summary>
public sealed class AnnounceBudgetEvents(
    IServiceScopeFactory scopes, IDocumentStore store, NpgsqlDataSource database, NodeSignals signals, WebhookOptions webhooks) : IDuty
{
    const string Title = "announce budget events";

    /// <summary>Events handed over in one round.</summary>
    const int Batch = 50;

    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    public string Name => Title;

    public async Task Round(DutyRound round, CancellationToken ct)
    {
        if (webhooks.Urls.Count > 0) await round.SeeTo(await round.Ask(Unannounced), found => new(found.Tenant, found.Id), Announce);
    }

    /// <summary>For ever where no address is configured.</summary>
    public Task Wait(CancellationToken ct) => webhooks.Urls.Count > 0 ? signals.Alerts.Wait(Poll, ct) : Task.Delay(Timeout.Infinite, ct);

    /// <summary>What happened longer ago while no address was configured is not announced any more.</summary>
    async Task<IReadOnlyList<(string Tenant, Guid Id)>> Unannounced(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"""
            select tenant_id, id from finance.budget_event
            where announced_at is null and at > clock_timestamp() - interval '1 day' and not agents.is_set_aside('{Title}', tenant_id, id::text)
            order by at limit {Batch}
            """);
        await using var rows = await command.ExecuteReaderAsync(ct);

        var found = new List<(string, Guid)>();
        while (await rows.ReadAsync(ct)) found.Add((rows.GetString(0), rows.GetGuid(1)));
        return found;
    }

    async Task Announce((string Tenant, Guid Id) found, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
        await using var session = store.LightweightSession();
        outbox.Enroll(session);
        await session.BeginTransactionAsync(ct);
        if (await Take(session, found.Id, ct) is not { } body) return;

        foreach (var url in webhooks.Urls) await outbox.PublishAsync(new SendWebhook(found.Id, url.OriginalString, body));
        await session.SaveChangesAsync(ct);
    }

    /// <summary>The event as webhooks are sent it. Null when another node has announced it.</summary>
    static async Task<string?> Take(IDocumentSession session, Guid id, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand(
            """
            update finance.budget_event set announced_at = clock_timestamp() where id = $1 and announced_at is null
            returning at, tenant_id, scope, value, period, nullif(starts_on, '-infinity'), percent, limit_usd, spent_usd, reserved_usd
            """);
        take.Parameters.Add(new() { Value = id });
        await using var rows = await session.ExecuteReaderAsync(take, ct);
        if (!await rows.ReadAsync(ct)) return null;

        return JsonSerializer.Serialize(new
        {
            type = "budget.threshold",
            timestamp = rows.GetFieldValue<DateTimeOffset>(0),
            data = new
            {
                tenant = rows.GetString(1), scope = rows.GetString(2), value = rows.GetString(3), period = rows.GetString(4),
                from = rows.IsDBNull(5) ? (DateOnly?)null : rows.GetFieldValue<DateOnly>(5),
                percent = rows.GetInt32(6), limitUsd = rows.GetDecimal(7), spentUsd = rows.GetDecimal(8), reservedUsd = rows.GetDecimal(9),
            },
        }, JsonFormat.Api);
    }
}
