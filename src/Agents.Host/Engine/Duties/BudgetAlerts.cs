using System.Text.Json;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Webhooks;
using Agents.Host.Platform;
using Marten;
using Npgsql;
using Wolverine;
using Wolverine.Marten;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Hands the events of budgets over to the webhooks: each event becomes a durable message to each address, in the transaction that marks it as announced,
/// so that it goes out once however many nodes look.
/// </summary>
public sealed class BudgetAlerts(IServiceScopeFactory scopes, IDocumentStore store, Node node, NodeSignals signals, WebhookOptions webhooks, ILogger<BudgetAlerts> log)
    : BackgroundService
{
    /// <summary>Events handed over in one transaction.</summary>
    const int Batch = 50;

    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>What happened longer ago while no address was configured is not told any more.</summary>
    const string Take =
        """
        update finance.budget_event set announced_at = clock_timestamp()
        where id in (select id from finance.budget_event where announced_at is null and at > clock_timestamp() - interval '1 day' order by at limit $1 for update skip locked)
        returning id, at, tenant_id, scope, value, period, nullif(starts_on, '-infinity'), percent, limit_usd, spent_usd, reserved_usd
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (webhooks.Urls.Count == 0) return;

        await node.Ready.WaitAsync(stoppingToken);
        await Rounds.Forever("Telling about budgets", () => Announce(stoppingToken), () => signals.Alerts.Wait(Poll, stoppingToken), log, stoppingToken);
    }

    async Task Announce(CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var outbox = scope.ServiceProvider.GetRequiredService<IMartenOutbox>();
        await using var session = store.LightweightSession();
        outbox.Enroll(session);
        await session.BeginTransactionAsync(ct);

        foreach (var (id, body) in await Taken(session, ct))
            foreach (var url in webhooks.Urls)
                await outbox.PublishAsync(new SendWebhook(id, url.OriginalString, body));
        await session.SaveChangesAsync(ct);
    }

    static async Task<List<(Guid Id, string Body)>> Taken(IDocumentSession session, CancellationToken ct)
    {
        await using var take = new NpgsqlCommand(Take);
        take.Parameters.Add(new() { Value = Batch });
        await using var rows = await session.ExecuteReaderAsync(take, ct);

        var taken = new List<(Guid, string)>();
        while (await rows.ReadAsync(ct))
        {
            var body = JsonSerializer.Serialize(new
            {
                type = "budget.threshold",
                timestamp = rows.GetFieldValue<DateTimeOffset>(1),
                data = new
                {
                    tenant = rows.GetString(2), scope = rows.GetString(3), value = rows.GetString(4), period = rows.GetString(5),
                    from = rows.IsDBNull(6) ? (DateOnly?)null : rows.GetFieldValue<DateOnly>(6),
                    percent = rows.GetInt32(7), limitUsd = rows.GetDecimal(8), spentUsd = rows.GetDecimal(9), reservedUsd = rows.GetDecimal(10),
                },
            }, JsonFormat.Api);
            taken.Add((rows.GetGuid(0), body));
        }

        return taken;
    }
}
