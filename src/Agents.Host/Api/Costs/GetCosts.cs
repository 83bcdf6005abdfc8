using System.Globalization;
using Agents.Host.Api.Runs;
using Agents.Host.Http;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Api.Costs;

/// <summary>What models have cost.</summary>
/// <param name="Items">Newest day first, then by agent and model.</param>
/// <param name="Next">Always null: days are not paged.</param>
/// <param name="UnconfirmedUsd">Bounds of what calls without an outcome may have cost besides; null when there are none.</param>
public sealed record CostReport(DateOnly Since, IReadOnlyList<DayCost> Items, string? Next, Spend Total, UnconfirmedView? UnconfirmedUsd);

/// <param name="Day">Accounting day, UTC.</param>
/// <param name="Model">Null for spend that was settled later.</param>
public sealed record DayCost(DateOnly Day, string Agent, string? Model, Spend Spend);

/// <param name="Calls">Calls that were answered.</param>
/// <param name="CostUsd">US dollars of priced calls, exact.</param>
/// <param name="UnpricedCalls">Calls whose cost is unknown, not zero.</param>
/// <param name="InputTokens">Cached, cache-written and audio ones included.</param>
/// <param name="OutputTokens">Reasoning and audio included.</param>
public sealed record Spend(long Calls, decimal CostUsd, int UnpricedCalls, long InputTokens, long OutputTokens)
{
    public static readonly Spend None = new(0, 0, 0, 0, 0);

    public static Spend operator +(Spend left, Spend right) => new(
        left.Calls + right.Calls, left.CostUsd + right.CostUsd, left.UnpricedCalls + right.UnpricedCalls,
        left.InputTokens + right.InputTokens, left.OutputTokens + right.OutputTokens);
}

/// <summary>What models have cost since a day, by day, agent and model. Without <c>since</c>: the last 30 days.</summary>
public static class GetCostsEndpoint
{
    const string DateFormat = "yyyy-MM-dd";
    const int DefaultDays = 30;
    const int MostDays = 3_660;

    public static ProblemDetails Validate([FromQuery] string? since, DatabaseClock clock)
    {
        if (since is null) return WolverineContinue.NoProblems;
        if (Parse(since) is not { } day)
            return Refusals.Malformed("Bad since", $"A day is written like 2026-11-01; this is \"{Domain.Runs.Sanitiser.Text(since, 30)}\".");
        return day < clock.Today().AddDays(-MostDays)
            ? Refusals.Malformed("Bad since", $"The last {MostDays:N0} days can be asked for.")
            : WolverineContinue.NoProblems;
    }

    [WolverineGet("/costs"), Requires(Permissions.Costs)]
    [ProducesResponseType<ProblemDetails>(400)]
    public static Task<CostReport> Get(
        [FromQuery] string? since, NpgsqlDataSource database, DatabaseClock clock, HttpContext http, CancellationToken ct) =>
        CostReader.Since(database, Caller.Of(http).Tenant, Parse(since) ?? clock.Today().AddDays(1 - DefaultDays), ct);

    static DateOnly? Parse(string? day) =>
        DateOnly.TryParseExact(day, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed) ? parsed : null;
}
