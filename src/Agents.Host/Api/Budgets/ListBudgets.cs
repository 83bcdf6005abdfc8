using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Wolverine.Http;

namespace Agents.Host.Api.Budgets;

/// <summary>All budgets of the tenant, with what is spent and reserved in the period that runs now.</summary>
public static class ListBudgetsEndpoint
{
    [WolverineGet("/budgets"), Requires(Permissions.Costs)]
    public static async Task<Page<BudgetView>> Get(BudgetStore budgets, HttpContext http, CancellationToken ct) =>
        new(await budgets.List(Caller.Of(http).Tenant, null, ct), null);
}
