using Agents.Host.Engine.Requests;
using Agents.Host.Http;

namespace Agents.Host.Api.WhatIfs;

/// <summary>Finds the runs that a request for a what-if means, and makes up what they become.</summary>
public sealed class WhatIfPlanner(WhatIfReader reader, Engine.Requests.WhatIfs whatIfs)
{
    /// <summary>Runs that are read at a time.</summary>
    const int Parallel = 4;

    /// <summary>In the order of the request, else the newest first. Empty when none fits.</summary>
    public async Task<IReadOnlyList<PlannedRun>> Plan(WhatIfRequest request, Guid batch, Caller caller, CancellationToken ct)
    {
        var origins = request.Runs is { } named
            ? [.. named.Distinct()]
            : await reader.Matching(
                caller.Tenant, request.Agent, (request.Status ?? "completed").ToLowerInvariant(), request.Since,
                request.Limit ?? WhatIfRequest.DefaultRuns, ct);
        var way = request.Way();
        return await Each(origins, id => whatIfs.Fork(id, way, batch, request.Reason ?? "", caller, ct), ct);
    }

    /// <summary>New runs with the questions of others.</summary>
    public Task<IReadOnlyList<PlannedRun>> Again(IReadOnlyList<Guid> origins, Guid batch, Caller caller, CancellationToken ct) =>
        Each(origins, id => whatIfs.Again(id, batch, caller, ct), ct);

    static async Task<IReadOnlyList<PlannedRun>> Each(IReadOnlyList<Guid> origins, Func<Guid, Task<PlannedRun>> plan, CancellationToken ct)
    {
        var planned = new PlannedRun[origins.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0, origins.Count, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = ct },
            async (at, _) => planned[at] = await plan(origins[at]));
        return planned;
    }
}
