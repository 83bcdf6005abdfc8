using Agents.Domain.Runs;
using Agents.Host.Http;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Api.Costs;

/// <param name="Hour">Its beginning, UTC, by the database's clock.</param>
/// <param name="Key">The model, agent, provider or step. Null for calls that have none.</param>
/// <param name="Calls">Calls that were answered.</param>
/// <param name="CostUsd">US dollars, confirmed and exact.</param>
public sealed record HourCost(DateTimeOffset Hour, string? Key, long Calls, decimal CostUsd);

/// <summary>What models have cost in each of the last hours, by model, agent, provider or step; hours without a call are left out.</summary>
public static class GetHourCostsEndpoint
{
    const int Default = 48;
    const int Most = 24 * 14;
    static readonly string[] Keys = ["model", "agent", "provider", "step"];

    public static ProblemDetails Validate([FromQuery] int? hours, [FromQuery] string? by)
    {
        if (hours is < 1 or > Most)
            return Refusals.Malformed("Bad hours", $"The last 1 to {Most} hours can be asked for; {Default} when nothing is said.");
        return by is null || Keys.Contains(by)
            ? WolverineContinue.NoProblems
            : Refusals.Malformed("Bad by", $"Hours can be had by {string.Join(", ", Keys)}; not by \"{Sanitiser.Text(by, 30)}\".");
    }

    [WolverineGet("/costs/hours"), Requires(Permissions.Costs)]
    [ProducesResponseType<ProblemDetails>(400)]
    public static async Task<Page<HourCost>> Get(
        [FromQuery] int? hours, [FromQuery] string? by, NpgsqlDataSource database, DatabaseClock clock, HttpContext http, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var from = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero).AddHours(1 - (hours ?? Default));
        return new(
            await database.Query<HourCost>(
                $"""
                select date_trunc('hour', at, 'UTC') as hour, {DashboardReader.Groupings[by ?? "model"]} as key,
                  count(*) filter (where status = 'completed') as calls, coalesce(sum(cost_usd), 0) as cost_usd
                from finance.model_call
                where tenant_id = @tenant and day >= @first_day and at >= @from
                group by 1, 2
                order by 1, 2
                """, new { Caller.Of(http).Tenant, firstDay = DateOnly.FromDateTime(from.UtcDateTime), from }, ct), null);
    }
}
