using Agents.Host.Api.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Marten;

namespace Agents.Host.Api.WhatIfs;

/// <summary>What the endpoints that begin runs to be compared share.</summary>
static class WhatIfAnswers
{
    public static string UrlOf(Guid id) => $"/whatifs/{id}";

    public static IResult NotFound(Guid id) => Refusals.Unknown("Unknown what-if", $"There is no what-if {id}.").Answer();

    /// <summary>The answer to a request that came before.</summary>
    public static IResult Accepted(WhatIfView known) => Results.Accepted(UrlOf(known.Id), new QueuedWhatIf(
        known.Id, UrlOf(known.Id), known.Runs - known.Refused, null, known.BudgetUsd, known.NewSpendUsd, known.InheritedSpendUsd, []));

    /// <summary>Queues what was made up in the session's transaction, unless there is nothing, or no model's price to keep the budget by.</summary>
    public static async Task<IResult> Queue(
        WhatIfBatch batch, IReadOnlyList<PlannedRun> planned, QueueBound bound, IDocumentSession session, Caller caller, HttpContext http,
        bool hasMore, CancellationToken ct)
    {
        var refused = WhatIfBatch.RefusedOf(planned);
        var runs = planned.Count - refused.Count;
        if (planned.Count == 0) return Refusals.Unknown("No run fits", "No run fits what was asked for.").Answer();
        if (runs == 0)
            return Refusals.Malformed(
                "Nothing was queued",
                $"None of {planned.Count:N0} runs can be taken; the first: {refused[0].Problem.Title}: {refused[0].Problem.Detail}")
                .Answer();

        var (usd, unknown) = WhatIfBatch.EstimateOf(planned);
        if (await bound.Refusal(caller.Tenant, runs, ct) is { } full) return RunProblems.QueueFull(full, http);

        batch.Store(session, planned, caller);
        return Results.Accepted(UrlOf(batch.Id), new QueuedWhatIf(
            batch.Id, UrlOf(batch.Id), runs, unknown > 0 ? null : usd, batch.BudgetUsd, 0, WhatIfBatch.InheritedBy(planned), refused, hasMore));
    }
}
