using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <param name="Usd">US dollars that the attempt did cost, from 0, with at most eight decimals.</param>
public sealed record ResolveSpendRequest(decimal? Usd);

/// <summary>Records what a model call of unknown outcome did cost, after a person has looked it up at the provider. It counts once.</summary>
public static class ResolveSpendEndpoint
{
    [WolverinePost("/runs/{id}/spend/{call}/{attempt}"), Requires(Permissions.ManageMoney)]
    [
        ProducesResponseType<ResolvedSpend>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404),
        ProducesResponseType<ProblemDetails>(409)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        ResolveSpendRequest request, Guid id, int call, int attempt, IDocumentSession session, Definitions definitions, HttpContext http,
        CancellationToken ct)
    {
        if (BudgetAmount.Problem(request.Usd, mayBeZero: true) is { } wrong) return (Refusals.Malformed("Bad usd", wrong).Answer(), []);

        UnconfirmedAttempt? before = null;
        var caller = Caller.Of(http);
        var command = new Domain.Runs.ResolveSpend(call, attempt, request.Usd!.Value, SpendSource.Operator, caller.Name, caller.KeyId);
        var decision = await session.Decide(id, definitions, (run, agent) =>
        {
            before = run.Unconfirmed.Find(lost => lost.Call == call && lost.Attempt == attempt);
            return RunDecider.Decide(run, agent, command);
        }, ct);

        if (decision is null) return (RunProblems.NotFound(id), []);
        if (before is null)
            return (
                Refusals.Conflict(
                    "Not unconfirmed",
                    $"The cost of attempt {attempt} of call {call} is not in doubt, or there is no such attempt. Unconfirmed spend is in "
                    + "finance.unconfirmed.").Answer(),
                []);
        return (Results.Ok(new ResolvedSpend(id, call, attempt, command.ActualUsd, before.LowUsd, before.HighUsd)), decision.Messages());
    }
}

/// <param name="LowUsd">The least it could have cost as far as was known.</param>
/// <param name="HighUsd">The most. Null when its model had no price.</param>
public sealed record ResolvedSpend(Guid Run, int Call, int Attempt, decimal Usd, decimal LowUsd, decimal? HighUsd);
