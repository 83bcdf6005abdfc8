using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Budgets;

/// <param name="LimitUsd">US dollars that may be spent in a period, from 0, with at most eight decimals.</param>
public sealed record SetBudgetRequest(decimal? LimitUsd);

/// <summary>
/// Makes a budget or changes its limit. Runs that wait for it go on by themselves, as far as there is room. Without <c>period</c>: that of a month.
/// With <c>shared=true</c> the budget of a key is that of all keys of the name.
/// </summary>
public static class SetBudgetEndpoint
{
    [WolverinePut("/budgets/{scope}/{value}"), Requires(Permissions.ManageMoney)]
    [ProducesResponseType<BudgetView>(200), ProducesResponseType<BudgetView>(201), ProducesResponseType<ProblemDetails>(400)]
    [ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Put(
        SetBudgetRequest request, string scope, string value, [FromQuery] string? period, [FromQuery] bool? shared, BudgetStore budgets,
        HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var (name, problem) = await BudgetAddress.Find(scope, value, period, caller, budgets, ct, shared is true);
        if (name is null) return problem!;
        if (BudgetAmount.Problem(request.LimitUsd, mayBeZero: true) is { } wrong) return Refusals.Malformed("Bad limitUsd", wrong).Answer();

        var isNew = await budgets.Set(caller.Tenant, name, request.LimitUsd!.Value, caller.Actor, ct);
        return await budgets.List(caller.Tenant, name, ct) is not [var budget] ? BudgetAddress.NotFound(name)
            : isNew ? Results.Created(BudgetAddress.UrlOf(name), budget)
            : Results.Ok(budget);
    }
}
