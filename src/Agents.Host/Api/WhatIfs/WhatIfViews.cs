using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Api.Batches;
using Agents.Host.Engine.Requests;

namespace Agents.Host.Api.WhatIfs;

/// <summary>What a what-if is likely to cost.</summary>
/// <param name="Runs">That can be gone through otherwise.</param>
/// <param name="EstimatedUsd">
/// US dollars with the tokens that the runs used then, at the prices in force. Null when a run among them has a call without usage, or a model
/// without a price.
/// </param>
/// <param name="UnknownRuns">Runs of which that is so.</param>
/// <param name="NewSpendUsd">Nothing: an estimate asks no model.</param>
/// <param name="InheritedSpendUsd">US dollars that what is taken over has cost; they are not paid again.</param>
/// <param name="Refused">Runs that cannot be gone through otherwise, and why.</param>
public sealed record WhatIfEstimate(
    int Runs, decimal? EstimatedUsd, int UnknownRuns, decimal? NewSpendUsd, decimal? InheritedSpendUsd, IReadOnlyList<RefusedOrigin> Refused);

/// <param name="Run">The run that was to be gone through otherwise.</param>
public sealed record RefusedOrigin(Guid Run, BatchProblem Problem);

/// <summary>A what-if that was accepted: its runs are queued.</summary>
/// <param name="Url">Where its progress and its verdict are.</param>
/// <param name="HasMore">More runs fit than are asked at once: ask again for the others.</param>
public sealed record QueuedWhatIf(
    Guid Id, string Url, int Runs, decimal? EstimatedUsd, decimal? BudgetUsd, decimal? NewSpendUsd, decimal? InheritedSpendUsd,
    IReadOnlyList<RefusedOrigin> Refused, bool HasMore = false);

/// <summary>How far a what-if is, what it has cost, and what came of it.</summary>
/// <param name="Kind">what_if, or ask_again for answers that had cited a document.</param>
/// <param name="Tools">recorded or live.</param>
/// <param name="DocumentId">The document whose answers are asked for again. Null for a what-if.</param>
/// <param name="Runs">That were asked for, refused ones included.</param>
/// <param name="Done">Runs that have ended.</param>
/// <param name="Stopped">Runs that are parked or paused: for want of budget, for one.</param>
/// <param name="BudgetUsd">US dollars that all of them together may spend.</param>
/// <param name="NewSpendUsd">
/// US dollars that they have spent, by the cost ledger: its sum, exactly. Runs that they started are not counted in.
/// </param>
/// <param name="InheritedSpendUsd">US dollars that what they took over had cost; nothing of it was paid again.</param>
/// <param name="OriginSpendUsd">
/// US dollars that the runs they come from had spent on the same part, by the cost ledger, of all that have ended.
/// </param>
/// <param name="UnknownCalls">Their calls of which it is not known what they have cost.</param>
public sealed record WhatIfView(
    Guid Id, string Kind, string? From, string? Model, string Tools, string? DocumentId, int? DocumentVersion, string RequestedBy,
    DateTimeOffset QueuedAt, int Runs, int Refused, int Done, int Stopped, bool IsFinished, decimal? BudgetUsd, decimal? NewSpendUsd,
    decimal? InheritedSpendUsd, decimal? OriginSpendUsd, int UnknownCalls, WhatIfVerdict Verdict);

/// <summary>What the runs say against those they come from. Only pairs count of which both have an answer.</summary>
/// <param name="Judge">offline: citations and claims are compared to the letter.</param>
/// <param name="Same">Both the same citations and the same claims.</param>
/// <param name="CostUsd">
/// Of a run, US dollars, less its origin's for the same part; pairs with a call of unknown cost are left out. Null without a pair.
/// </param>
/// <param name="ModelMilliseconds">What its models took, in milliseconds, less what its origin's took for the same part. Null without a pair.</param>
public sealed record WhatIfVerdict(
    string Judge, int Pairs, int Same, int SameCitations, int SameClaims, PairedDifference? CostUsd, PairedDifference? ModelMilliseconds);

/// <summary>A run beside the one it comes from.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Origin">The run it comes from.</param>
/// <param name="Run">Null when it was refused.</param>
/// <param name="Status">Of the run; refused when there is none.</param>
/// <param name="Problem">Why it was refused. Null when it was not.</param>
/// <param name="NewSpendUsd">What the run has spent itself.</param>
/// <param name="InheritedSpendUsd">What that which it took over had cost.</param>
/// <param name="OriginSpendUsd">What the other had spent on the same part.</param>
/// <param name="Difference">Null unless both have an answer. First is the origin.</param>
public sealed record WhatIfPair(
    int Index, Guid Origin, Guid? Run, string Question, string Status, BatchProblem? Problem, string? OriginAnswer, string? Answer,
    FailureText? Failure,
    decimal? NewSpendUsd, decimal? InheritedSpendUsd, decimal? OriginSpendUsd, double OriginModelMilliseconds, double ModelMilliseconds,
    AnswerComparison? Difference);

/// <summary>Why a run is parked or failed.</summary>
public sealed record FailureText(string Kind, string Message);
