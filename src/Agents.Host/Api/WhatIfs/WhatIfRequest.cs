using System.Text.Json.Serialization;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Api.WhatIfs;

/// <summary>What the runs of a what-if are given when they ask for a tool.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WhatIfTools>))]
public enum WhatIfTools
{
    /// <summary>The result that the run has recorded; a call with other arguments fails.</summary>
    [JsonStringEnumMemberName("recorded")] Recorded,

    /// <summary>What the tool brings now; approvals are asked for.</summary>
    [JsonStringEnumMemberName("live")] Live,
}

/// <summary>Which runs are gone through otherwise, and how.</summary>
/// <param name="Runs">By id, at most 1,000. Null where they are looked for.</param>
/// <param name="Agent">Looks for runs of this agent. Null for all agents.</param>
/// <param name="Status">Looks for runs of this status. Null for completed ones.</param>
/// <param name="Since">Looks for runs queued since then. Null for all.</param>
/// <param name="Limit">The newest so many of those that are found, 1 to 1,000. Null for 100.</param>
/// <param name="From">Name of the step from which they differ. Null means the first model step.</param>
/// <param name="Model">Of all model steps from there on, to 200 characters. Null means as they were.</param>
/// <param name="Instructions">Of that step, which must be a model step, to 32,768 characters. Null means as they were.</param>
/// <param name="Tools">recorded when nothing is said.</param>
/// <param name="BudgetUsd">US dollars that all of them together may spend, above 0. Not needed for an estimate.</param>
/// <param name="Reason">At most 500 characters, kept with the facts.</param>
public sealed record WhatIfRequest(
    IReadOnlyList<Guid>? Runs = null, string? Agent = null, string? Status = null, DateTimeOffset? Since = null, int? Limit = null,
    string? From = null, string? Model = null, string? Instructions = null, WhatIfTools? Tools = null, decimal? BudgetUsd = null,
    string? Reason = null)
{
    /// <summary>Runs of one what-if.</summary>
    internal const int MostRuns = 1_000;

    internal const int DefaultRuns = 100;

    const int ModelCharacters = 200;
    const int InstructionCharacters = 32_768;
    const int ReasonCharacters = TextBounds.ReasonCharacters;

    internal OtherWay Way() => new(
        From, Model, Instructions is null ? null : Sanitiser.Text(Instructions, InstructionCharacters), Tools is not WhatIfTools.Live);

    /// <summary>Null when nothing is wrong with it.</summary>
    internal ProblemDetails? Problem(bool needsBudget)
    {
        if (Runs is { Count: 0 or > MostRuns }) return Refusals.Malformed("Bad runs", $"Name 1 to {MostRuns:N0} runs.");
        if (Runs is not null && (Agent, Status, Since, Limit) is not (null, null, null, null))
            return Refusals.Malformed("Named and looked for", "Name runs, or say what to look for, not both.");
        if (Limit is < 1 or > MostRuns) return Refusals.Malformed("Bad limit", $"A limit is from 1 to {MostRuns:N0}.");
        if (Status is not null && !Enum.TryParse<RunStatus>(Status, ignoreCase: true, out _))
            return Refusals.Malformed("Unknown status", $"There is no status {Sanitiser.Text(Status, 50)}.");
        if (Model is { } model && (string.IsNullOrWhiteSpace(model) || model != Sanitiser.Text(model, ModelCharacters)))
            return Refusals.Malformed("Bad model", $"A model's name has 1 to {ModelCharacters} characters.");
        if (Instructions is { Length: 0 or > InstructionCharacters })
            return Refusals.Malformed("Bad instructions", $"Instructions have 1 to {InstructionCharacters:N0} characters.");
        if (Reason?.Length > ReasonCharacters) return Refusals.Malformed("Bad reason", $"A reason has at most {ReasonCharacters} characters.");
        return needsBudget || BudgetUsd is not null ? BudgetProblem(BudgetUsd) : null;
    }

    internal static ProblemDetails? BudgetProblem(decimal? usd) =>
        BudgetAmount.Problem(usd, mayBeZero: false) is { } wrong ? Refusals.Malformed("Bad budgetUsd", wrong) : null;
}
