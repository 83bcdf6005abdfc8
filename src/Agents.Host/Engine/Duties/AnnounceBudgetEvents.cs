using System.Text.Json;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Platform;
using Marten;
using Npgsql;
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
    async Task<IReadOnlyList<BudgetEvent>> Unannounced(CancellationToken ct) => await database.Query<BudgetEvent>(
        $"""
        select tenant_id as tenant, id from finance.budget_event
        where announced_at is null and at > clock_timestamp() - interval '1 day' and not agents.is_set_aside('{Title}', tenant_id, id::text)
        order by at limit {Batch}
        """, null, ct);

    async Task Announce(BudgetEvent found, CancellationToken ct)
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
        var taken = await session.First<Threshold>(
            """
            update finance.budget_event set announced_at = clock_timestamp()
            where id = @id and announced_at is null
            returning at, tenant_id, scope, value, period, nullif(starts_on, '-infinity') as from, percent, limit_usd, spent_usd, reserved_usd
            """, new { id }, ct);
        if (taken is null) return null;

        return JsonSerializer.Serialize(new
        {
            type = "budget.threshold",
            timestamp = taken.At,
            data = new
            {
                tenant = taken.TenantId, scope = taken.Scope, value = taken.Value, period = taken.Period, from = taken.From,
                percent = taken.Percent, limitUsd = taken.LimitUsd, spentUsd = taken.SpentUsd, reservedUsd = taken.ReservedUsd,
            },
        }, JsonFormat.Api);
    }

    readonly record struct BudgetEvent(string Tenant, Guid Id);

    sealed record Threshold(
        DateTimeOffset At, string TenantId, string Scope, string Value, string Period, DateOnly? From, int Percent, decimal LimitUsd,
        decimal SpentUsd, decimal ReservedUsd);
}
