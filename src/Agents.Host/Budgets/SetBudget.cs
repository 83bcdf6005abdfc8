using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Budgets;

/// <param name="LimitUsd">US dollars that may be spent in a period, from 0, with at most eight decimals.</param>
public sealed record SetBudgetRequest(decimal? LimitUsd);

/// <summary>Makes a budget or changes its limit. Runs that wait for it go on by themselves, as far as there is room. Without <c>period</c>: that of a month.</summary>
public static class SetBudgetEndpoint
{
    [WolverinePut("/budgets/{scope}/{value}"), ProducesResponseType<BudgetView>(200), ProducesResponseType<BudgetView>(201), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Put(
        SetBudgetRequest request, string scope, string value, [FromQuery] string? period, BudgetStore budgets, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (BudgetAddress.Parse(scope, value, period, caller, out var problem) is not { } name) return problem!;
        if (BudgetAmount.Problem(request.LimitUsd, mayBeZero: true) is { } wrong) return BudgetAddress.Refuse(400, "Bad limitUsd", wrong);

        var isNew = await budgets.List(caller.Tenant, name, ct) is [];
        await budgets.Set(caller.Tenant, name, request.LimitUsd!.Value, caller.Name, ct);
        return await budgets.List(caller.Tenant, name, ct) is not [var budget] ? BudgetAddress.NotFound(name)
            : isNew ? Results.Created(BudgetAddress.UrlOf(name), budget)
            : Results.Ok(budget);
    }
}

/// <param name="ByUsd">US dollars to add to the limit, above 0.</param>
public sealed record RaiseBudgetRequest(decimal? ByUsd);

/// <summary>Adds to a budget's limit, so that two who raise it at once both count.</summary>
public static class RaiseBudgetEndpoint
{
    [WolverinePost("/budgets/{scope}/{value}/raise"), ProducesResponseType<BudgetView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(
        RaiseBudgetRequest request, string scope, string value, [FromQuery] string? period, BudgetStore budgets, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (BudgetAddress.Parse(scope, value, period, caller, out var problem) is not { } name) return problem!;
        if (BudgetAmount.Problem(request.ByUsd, mayBeZero: false) is { } wrong) return BudgetAddress.Refuse(400, "Bad byUsd", wrong);

        return await budgets.Raise(caller.Tenant, name, request.ByUsd!.Value, caller.Name, ct) && await budgets.List(caller.Tenant, name, ct) is [var budget]
            ? Results.Ok(budget)
            : BudgetAddress.NotFound(name);
    }
}

/// <summary>Removes a budget; runs that wait for it go on. What was spent in it stays on record, and counts if it is set again in the same period.</summary>
public static class RemoveBudgetEndpoint
{
    [WolverineDelete("/budgets/{scope}/{value}"), ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string scope, string value, [FromQuery] string? period, BudgetStore budgets, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (BudgetAddress.Parse(scope, value, period, caller, out var problem) is not { } name) return problem!;
        return await budgets.Remove(caller.Tenant, name, caller.Name, ct) ? Results.NoContent() : BudgetAddress.NotFound(name);
    }
}
