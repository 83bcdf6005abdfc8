using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Budgets;

/// <summary>One budget with its changes, newest first. Without <c>period</c>: that of a month.</summary>
public static class GetBudgetEndpoint
{
    [WolverineGet("/budgets/{scope}/{value}"), Requires(Permissions.Costs)]
    [ProducesResponseType<BudgetWithChanges>(200), ProducesResponseType<ProblemDetails>(404)]
    [ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Get(
        string scope, string value, [FromQuery] string? period, BudgetStore budgets, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var (name, problem) = await BudgetAddress.Find(scope, value, period, caller, budgets, ct);
        if (name is null) return problem!;

        return await budgets.List(caller.Tenant, name, ct) is [var budget]
            ? Results.Ok(new BudgetWithChanges(budget, await budgets.Changes(caller.Tenant, name, ct)))
            : BudgetAddress.NotFound(name);
    }
}

/// <param name="Changes">Newest first, at most 100.</param>
public sealed record BudgetWithChanges(BudgetView Budget, IReadOnlyList<BudgetChangeView> Changes);
