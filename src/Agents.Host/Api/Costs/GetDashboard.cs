using System.Globalization;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Http;
using Agents.Host.Postgres;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Api.Costs;

/// <summary>What runs and model calls of a window came to. Money is exact; see schema <c>finance</c> for the same sums in SQL.</summary>
/// <param name="From">Of the window, included.</param>
/// <param name="Until">Of the window, excluded.</param>
/// <param name="TotalCostUsd">US dollars that are confirmed.</param>
/// <param name="TotalTokens">Input and output.</param>
/// <param name="AverageDurationSeconds">Of runs that ended in the window, from being asked for to their end. Null when none did.</param>
/// <param name="ErrorRate">Failed runs by ended runs, 0 to 1. Null when none ended.</param>
/// <param name="CallsPerRun">Answered calls in the window by runs that ended in it. Null when none ended.</param>
/// <param name="Waste">What was paid for nothing, by kind. Counted by whole days of the window.</param>
/// <param name="CacheSavedUsd">What the providers' caches saved, less what writing to them cost. Counted by whole days of the window.</param>
/// <param name="Items">The groups, the dearest first; at most 1,000.</param>
/// <param name="Next">Always null: groups are not paged.</param>
public sealed record Dashboard(
    DateTimeOffset From, DateTimeOffset Until, string? By, decimal TotalCostUsd, long TotalTokens, double? AverageDurationSeconds, double? ErrorRate,
    RunFigures Runs, CallFigures Calls, double? CallsPerRun, IReadOnlyList<Wasted> Waste, decimal CacheSavedUsd,
    IReadOnlyList<DashboardGroup> Items, string? Next);

/// <param name="Ended">Runs that ended in the window, however.</param>
/// <param name="Duration">From being asked for to the end. Null when none ended.</param>
public sealed record RunFigures(long Ended, long Completed, long Failed, long Cancelled, Durations? Duration)
{
    internal double? ErrorRate => Ended == 0 ? null : (double)Failed / Ended;

    internal double? AverageSeconds => Duration?.AverageSeconds;
}

/// <param name="Calls">That were answered.</param>
/// <param name="FailedAttempts">That the provider refused.</param>
/// <param name="LostAttempts">Whose outcome was unknown when they were given up.</param>
/// <param name="CostUsd">Confirmed, exact.</param>
/// <param name="UnconfirmedUsd">What attempts without an outcome may have cost besides. Null when there are none.</param>
/// <param name="UnpricedCalls">Answered calls whose cost is unknown, not zero.</param>
/// <param name="Latency">Of answered calls, from sending to the last token. Null when there are none.</param>
public sealed record CallFigures(
    long Calls, long FailedAttempts, long LostAttempts, decimal CostUsd, UnconfirmedView? UnconfirmedUsd, long UnpricedCalls, Usage Tokens,
    Durations? Latency)
{
    /// <summary>Input read from a cache by all input, 0 to 1. Null without input.</summary>
    public double? CacheHitShare => Tokens.TotalInput() == 0 ? null : (double)Tokens.CachedInputTokens / Tokens.TotalInput();
}

/// <summary>Seconds: the average and three percentiles.</summary>
public sealed record Durations(double AverageSeconds, double P50Seconds, double P95Seconds, double P99Seconds);

/// <param name="Key">The agent, model, day and so on. Null for calls that have none.</param>
public sealed record DashboardGroup(string? Key, CallFigures Figures);

/// <param name="Kind">failed_attempt, lost_attempt, failed_run, cancelled_run or forked_away.</param>
/// <param name="CostUsd">Null when no cost is known.</param>
public sealed record Wasted(string Kind, long Attempts, decimal? CostUsd, long Tokens);

/// <summary>
/// Cost, tokens, latency and errors of a window: <c>window</c> such as 1h, 24h (the default) or 30d, or <c>since</c> a day; grouped <c>by</c> agent,
/// model, day, run, step, provider or tenant.
/// </summary>
public static class GetDashboardEndpoint
{
    const string DateFormat = "yyyy-MM-dd";
    const int MostDays = 3_660;
    static readonly TimeSpan Default = TimeSpan.FromHours(24);

    public static ProblemDetails Validate([FromQuery] string? window, [FromQuery] string? since, [FromQuery] string? by)
    {
        if (window is not null && since is not null) return Refusals.Malformed("Bad window", "Give a window or since, not both.");
        if (window is not null && WindowOf(window) is null)
            return Refusals.Malformed(
                "Bad window", $"A window is written like 30m, 24h or 30d, at most {MostDays:N0} days; this is \"{Sanitiser.Text(window, 30)}\".");
        if (since is not null && DayOf(since) is null)
            return Refusals.Malformed("Bad since", $"A day is written like 2026-11-01; this is \"{Sanitiser.Text(since, 30)}\".");
        return by is null || DashboardReader.Groupings.ContainsKey(by)
            ? WolverineContinue.NoProblems
            : Refusals.Malformed(
                "Bad by", $"Figures can be had by {string.Join(", ", DashboardReader.Groupings.Keys)}; not by \"{Sanitiser.Text(by, 30)}\".");
    }

    [WolverineGet("/dashboard"), Requires(Permissions.Costs)]
    [ProducesResponseType<ProblemDetails>(400)]
    public static async Task<Dashboard> Get(
        [FromQuery] string? window, [FromQuery] string? since, [FromQuery] string? by, NpgsqlDataSource database, DatabaseClock clock,
        HttpContext http, CancellationToken ct)
    {
        var until = clock.GetUtcNow();
        var from = DayOf(since) is { } day ? new(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : until - (WindowOf(window) ?? Default);
        await using var connection = await database.OpenConnectionAsync(ct);
        return await DashboardReader.Read(connection, Caller.Of(http).Tenant, from, until > from ? until : from, by, ct);
    }

    /// <summary>Null when it is no window.</summary>
    static TimeSpan? WindowOf(string? window)
    {
        if (window is not { Length: > 1 }) return null;
        if (!int.TryParse(window[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0) return null;

        var minutes = window[^1] switch { 'm' => 1, 'h' => 60, 'd' => 24 * 60, _ => 0 } * (long)number;
        return minutes is > 0 and <= MostDays * 24L * 60 ? TimeSpan.FromMinutes(minutes) : null;
    }

    static DateOnly? DayOf(string? day) =>
        DateOnly.TryParseExact(day, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed) ? parsed : null;
}
