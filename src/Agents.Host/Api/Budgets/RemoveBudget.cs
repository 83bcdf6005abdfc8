using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Budgets;

/// <summary>
/// Removes a budget; runs that wait for it go on. What was spent in it stays on record, and counts if it is set again in the same period.
/// </summary>
public static class RemoveBudgetEndpoint
{
    [WolverineDelete("/budgets/{scope}/{value}"), Requires(Permissions.ManageMoney)]
    [ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    [ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Delete(
        string scope, string value, [FromQuery] string? period, BudgetStore budgets, HttpContext http, CancellationToken ct)
    {
        var caller = Caller.Of(http);
        var (name, problem) = await BudgetAddress.Find(scope, value, period, caller, budgets, ct);
        if (name is null) return problem!;
        return await budgets.Remove(caller.Tenant, name, caller.Actor, ct) ? Results.NoContent() : BudgetAddress.NotFound(name);
    }
}
