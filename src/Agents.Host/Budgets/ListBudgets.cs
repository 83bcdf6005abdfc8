using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Budgets;

/// <summary>All budgets of the tenant, with what is spent and reserved in the period that runs now.</summary>
public static class ListBudgetsEndpoint
{
    [WolverineGet("/budgets")]
    public static async Task<Page<BudgetView>> Get(BudgetStore budgets, HttpContext http, CancellationToken ct) =>
        new(await budgets.List(Caller.Of(http).Tenant, null, ct), null);
}

/// <summary>One budget with its changes, newest first. Without <c>period</c>: that of a month.</summary>
public static class GetBudgetEndpoint
{
    [WolverineGet("/budgets/{scope}/{value}"), ProducesResponseType<BudgetWithChanges>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(string scope, string value, [FromQuery] string? period, BudgetStore budgets, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        if (BudgetAddress.Parse(scope, value, period, caller, out var problem) is not { } name) return problem!;

        return await budgets.List(caller.Tenant, name, ct) is [var budget]
            ? Results.Ok(new BudgetWithChanges(budget, await budgets.Changes(caller.Tenant, name, ct)))
            : BudgetAddress.NotFound(name);
    }
}

/// <param name="Changes">Newest first, at most 100.</param>
public sealed record BudgetWithChanges(BudgetView Budget, IReadOnlyList<BudgetChangeView> Changes);
