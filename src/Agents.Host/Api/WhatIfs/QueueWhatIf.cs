using System.Text.Json;
using Agents.Host.Api.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Platform;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.WhatIfs;

/// <summary>
/// Goes through runs otherwise: each is continued in a fork from a step on, with another model or other instructions. All forks share one budget,
/// and are queued in one transaction: after the answer all are stored, or, without one, none. The same Idempotency-Key starts nothing twice.
/// </summary>
public static class QueueWhatIfEndpoint
{
    public static ProblemDetails Validate(WhatIfRequest request, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey) =>
        request.Problem(needsBudget: true) ?? RunRequests.KeyProblem(idempotencyKey)?.Problem() ?? WolverineContinue.NoProblems;

    [WolverinePost("/whatifs"), Requires(Permissions.Operate)]
    [ProducesResponseType<QueuedWhatIf>(202), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    [ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(422), ProducesResponseType<ProblemDetails>(429)]
    public static async Task<IResult> Post(
        WhatIfRequest request, WhatIfPlanner planner, WhatIfReader reader, QueueBound bound, IDocumentSession session, HttpContext http,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, CancellationToken ct)
    {
        http.Response.RegisterForDispose(await bound.Turn(ct));
        var (caller, hash) = (Caller.Of(http), NewRun.HashOf(JsonSerializer.SerializeToUtf8Bytes(new { whatIf = request }, JsonFormat.Api)));
        if (idempotencyKey is not null && await reader.Earlier(session, idempotencyKey, ct) is { } earlier)
            return earlier.RequestHash == hash && await reader.Find(caller.Tenant, earlier.BatchId, ct) is { } known
                ? WhatIfAnswers.Accepted(known) : RunProblems.KeyUsedBefore();

        var batch = new WhatIfBatch(Guid.CreateVersion7(), WhatIfBatch.WhatIf, request.Tools ?? WhatIfTools.Recorded, request.BudgetUsd!.Value)
        {
            From = request.From, Model = request.Model, Instructions = request.Instructions, Key = idempotencyKey, RequestHash = hash,
        };
        var planned = await planner.Plan(request, batch.Id, caller, ct);
        return await WhatIfAnswers.Queue(batch, planned, bound, session, caller, http, hasMore: false, ct);
    }
}
