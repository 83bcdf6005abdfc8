using System.Globalization;
using Agents.Domain.Runs;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Api.Runs;

/// <summary>Which runs are looked for. What is null does not matter.</summary>
/// <param name="IsWaiting">Only runs that are queued, or are running and have no slot because they wait for something.</param>
/// <param name="Failure">Kind of failure the run is parked or failed for.</param>
/// <param name="Words">Stand in the question, in capitals or not.</param>
/// <param name="Since">Queued at this time or later.</param>
/// <param name="Until">Queued before this time.</param>
/// <param name="Label">Name of a label, whose value is <paramref name="LabelValue"/>.</param>
/// <param name="MinCostUsd">Has cost so many US dollars or more.</param>
public sealed record RunFilter(
    RunStatus? Status, bool IsWaiting, string? Failure, string? Words, DateTimeOffset? Since, DateTimeOffset? Until, string? Label, string? LabelValue,
    decimal? MinCostUsd)
{
    const string Waiting = "waiting";

    const int MostWordsCharacters = 200;

    public string? Agent { get; init; }

    public Guid? ForkedFrom { get; init; }

    public Guid? Batch { get; init; }

    /// <summary>Name of a schedule.</summary>
    public string? Schedule { get; init; }

    public string? Thread { get; init; }

    /// <summary>Null when all of it can be used, and by this caller.</summary>
    public static ProblemDetails? Problem(
        string? status, string? failure, string? words, string? since, string? until, string? label, string? minCostUsd, Caller caller)
    {
        if (status is not null && status != Waiting && StatusOf(status) is null)
            return Refusals.Malformed("Unknown status", $"A status is one of: {string.Join(
                ", ", Enum.GetNames<RunStatus>().Select(name => name.ToLowerInvariant()))}; or {Waiting}.");
        if (failure is not null && !Enum.GetNames<FailureKind>().Contains(failure))
            return Refusals.Malformed("Unknown failure", $"A failure is one of: {string.Join(", ", Enum.GetNames<FailureKind>())}.");
        if (words?.Length > MostWordsCharacters)
            return Refusals.Malformed("Bad q", $"What is looked for has at most {MostWordsCharacters} characters.");
        if (new[] { since, until }.FirstOrDefault(time => time is not null && TimeOf(time) is null) is { } noTime)
            return Refusals.Malformed("Bad time", $"\"{noTime}\" is no time. Write it as 2026-11-01 or 2026-11-01T12:00:00Z.");
        if (label is not null && label.IndexOf('=', StringComparison.Ordinal) < 1)
            return Refusals.Malformed("Bad label", "Write a label and its value as NAME=VALUE.");
        if (minCostUsd is not null && !caller.SeesMoney)
            return Refusals.Malformed("Bad minCostUsd", "Only a caller who may see amounts can look for them.");
        return minCostUsd is not null && UsdOf(minCostUsd) is null
            ? Refusals.Malformed("Bad minCostUsd", "It is US dollars from 0, such as 0.05.")
            : null;
    }

    /// <summary>Of values in which <see cref="Problem"/> found none.</summary>
    public static RunFilter Of(string? status, string? failure, string? words, string? since, string? until, string? label, string? minCostUsd)
    {
        var named = label?.Split('=', 2);
        return new(
            status is null ? null : StatusOf(status), status == Waiting, failure, string.IsNullOrWhiteSpace(words) ? null : words, TimeOf(since),
            TimeOf(until), named?[0], named?[1], UsdOf(minCostUsd));
    }

    static RunStatus? StatusOf(string name) =>
        Enum.TryParse<RunStatus>(name, ignoreCase: true, out var status) && !int.TryParse(name, out _) ? status : null;

    static DateTimeOffset? TimeOf(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    static decimal? UsdOf(string? text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var usd) ? usd : null;
}
