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

/// <param name="BudgetUsd">US dollars over the whole run, above 0, with at most eight decimals.</param>
/// <param name="Reason">At most 500 characters; may be left out.</param>
public sealed record SetRunBudgetRequest(decimal? BudgetUsd, string? Reason = null);

/// <param name="BudgetUsd">US dollars over the whole run.</param>
public sealed record RunBudget(Guid Id, string Status, decimal BudgetUsd, decimal SpentAtMostUsd);

/// <summary>
/// Sets what a run may spend, instead of its first budget and of the agent's limit. A run that is parked for it goes on if there is room now.
/// </summary>
public static class SetRunBudgetEndpoint
{
    [WolverinePut("/runs/{id}/budget"), Requires(Permissions.ManageMoney)]
    [
        ProducesResponseType<RunBudget>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404),
        ProducesResponseType<ProblemDetails>(409)]
    public static async Task<(IResult, OutgoingMessages)> Put(
        SetRunBudgetRequest request, Guid id, IDocumentSession session, Definitions definitions, HttpContext http, CancellationToken ct)
    {
        if (BudgetAmount.Problem(request.BudgetUsd, mayBeZero: false) is { } wrong) return (Refusals.Malformed("Bad budgetUsd", wrong).Answer(), []);
        if (request.Reason is { Length: > TextBounds.ReasonCharacters }) return (RunProblems.BadReason(TextBounds.ReasonCharacters), []);

        var caller = Caller.Of(http);
        var command = new ChangeRunBudget(
            request.BudgetUsd!.Value, caller.Name, Sanitiser.Text(request.Reason, TextBounds.ReasonCharacters), caller.KeyId);
        var decision = await session.Decide(id, definitions, (run, agent) => RunDecider.Decide(run, agent, command), ct);
        if (decision is null) return (RunProblems.NotFound(id), []);
        if (decision.Run.IsFinished()) return (RunProblems.WrongStatus(decision.Run, "not finished"), []);

        var run = decision.Run;
        return (
            Results.Ok(new RunBudget(id, run.Status.ToString().ToLowerInvariant(), run.BudgetUsd!.Value, run.SpentAtMostUsd())), decision.Messages());
    }
}
