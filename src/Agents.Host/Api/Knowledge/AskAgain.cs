using Agents.Host.Api.WhatIfs;
using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <param name="Version">The version that the answers rest on, from 1.</param>
/// <param name="BudgetUsd">US dollars that all runs together may spend, above 0.</param>
public sealed record AskAgainRequest(int? Version, decimal? BudgetUsd);

/// <summary>
/// Asks the questions again whose answers rest on a version of a document, each in a new run of the same definition. All share one budget and are
/// queued
/// in one transaction. Answers that were asked for again are left alone, so that asking twice begins nothing twice.
/// </summary>
public static class AskAgainEndpoint
{
    public static ProblemDetails Validate(AskAgainRequest request) => request.Version is null or < 1
        ? Refusals.Malformed("Bad version", "Say which version; they count from 1.")
        : WhatIfRequest.BudgetProblem(request.BudgetUsd) ?? WolverineContinue.NoProblems;

    [WolverinePost("/documents/{id}/ask-again"), Requires(Permissions.Operate)]
    [ProducesResponseType<QueuedWhatIf>(202), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    [ProducesResponseType<ProblemDetails>(429)]
    public static async Task<IResult> Post(
        AskAgainRequest request, string id, AnswerReader answers, WhatIfPlanner planner, WhatIfReader whatIfs, QueueBound bound,
        IDocumentSession session, HttpContext http, CancellationToken ct)
    {
        http.Response.RegisterForDispose(await bound.Turn(ct));
        var (caller, version) = (Caller.Of(http), request.Version!.Value);
        if (!await answers.Has(caller.Tenant, id, version, ct)) return DocumentProblems.NotFound($"{id}/{version}");

        await whatIfs.WaitForOthers(session, $"ask again {id}/{version}", ct);
        var found = await answers.ToAskAgain(caller.Tenant, id, version, WhatIfRequest.MostRuns + 1, ct);
        var batch = new WhatIfBatch(Guid.CreateVersion7(), WhatIfBatch.AskAgain, WhatIfTools.Live, request.BudgetUsd!.Value)
        {
            DocumentId = id, DocumentVersion = version,
        };
        var planned = await planner.Again([.. found.Take(WhatIfRequest.MostRuns)], batch.Id, caller, ct);
        return await WhatIfAnswers.Queue(batch, planned, bound, session, caller, http, found.Count > WhatIfRequest.MostRuns, ct);
    }
}
