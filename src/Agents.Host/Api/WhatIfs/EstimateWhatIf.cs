using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.WhatIfs;

/// <summary>What a what-if is likely to cost, and which runs it cannot take. Asks no model, and writes nothing.</summary>
public static class EstimateWhatIfEndpoint
{
    public static ProblemDetails Validate(WhatIfRequest request) => request.Problem(needsBudget: false) ?? WolverineContinue.NoProblems;

    [WolverinePost("/whatifs/estimate"), Requires(Permissions.Operate)]
    [ProducesResponseType<WhatIfEstimate>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<WhatIfEstimate> Post(WhatIfRequest request, WhatIfPlanner planner, HttpContext http, CancellationToken ct)
    {
        var planned = await planner.Plan(request, Guid.Empty, Caller.Of(http), ct);
        var (usd, unknown) = WhatIfBatch.EstimateOf(planned);
        return new(
            planned.Count(item => item.Run is not null), usd, unknown, 0, WhatIfBatch.InheritedBy(planned), WhatIfBatch.RefusedOf(planned));
    }
}
