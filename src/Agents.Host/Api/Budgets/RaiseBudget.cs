using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Budgets;

/// <param name="ByUsd">US dollars to add to the limit, above 0.</param>
public sealed record RaiseBudgetRequest(decimal? ByUsd);

/// <summary>Adds to a budget's limit, so that two who raise it at once both count.</summary>
public static class RaiseBudgetEndpoint
{
    [WolverinePost("/budgets/{scope}/{value}/raise"), Requires(Permissions.ManageMoney)]
    [ProducesResponseType<BudgetView>(200), ProducesResponseType<ProblemDetails>(404)]
    [ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Post(
        RaiseBudgetRequest request, string scope, string value, [FromQuery] string? period, BudgetStore budgets, HttpContext http,
        CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var (name, problem) = await BudgetAddress.Find(scope, value, period, caller, budgets, ct);
        if (name is null) return problem!;
        if (BudgetAmount.Problem(request.ByUsd, mayBeZero: false) is { } wrong) return Refusals.Malformed("Bad byUsd", wrong).Answer();

        if (await budgets.List(caller.Tenant, name, ct) is [var before] && before.LimitUsd + request.ByUsd > BudgetAmount.MostUsd)
            return Refusals.Malformed(
                "Bad byUsd",
                FormattableString.Invariant($"A budget has at most {BudgetAmount.MostUsd:N0} US dollars; this one has {before.LimitUsd}.")).Answer();

        return await budgets.Raise(caller.Tenant, name, request.ByUsd!.Value, caller.Actor, ct)
            && await budgets.List(caller.Tenant, name, ct) is [var budget]
            ? Results.Ok(budget)
            : BudgetAddress.NotFound(name);
    }
}
