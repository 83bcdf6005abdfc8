using Agents.Host.Engine.Queue;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <param name="MaxRuns">Runs that may hold a slot at once, in all or on the scope's node: 0 to 100,000. Null means no limit.</param>
/// <param name="Weight">Share of slots beside others of its kind, 0.001 to 1,000; only for tenants and keys. Null means 1.</param>
public sealed record SetLimitRequest(int? MaxRuns = null, double? Weight = null);

/// <summary>
/// Sets how many runs may be worked on at once, or how a tenant's or a key's share compares with others. Counts from the next admission on; runs that
/// have begun go on.
/// </summary>
/// <remarks>A node never has more slots than its <c>Workers:MaxRuns</c>.</remarks>
public static class SetLimitEndpoint
{
    const int MostRuns = 100_000;

    [WolverinePut("/limits/{scope}"), Requires(Permissions.Platform)]
    [ProducesResponseType<LimitView>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Put(SetLimitRequest request, string scope, LimitStore limits, HttpContext http, CancellationToken ct)
    {
        if (Scope.Parse(scope, LimitStore.Whole, LimitStore.Named, out var refusal) is not { } parsed) return refusal!.Answer();
        if (Problem(request, parsed) is { } wrong) return Refusals.Malformed("Bad limit", wrong).Answer();

        await limits.Set(parsed, request.MaxRuns, request.Weight, Caller.Of(http).Actor, ct);
        return await limits.List(parsed, ct) is [var limit] ? Results.Ok(limit) : LimitProblems.NotFound(parsed);
    }

    static string? Problem(SetLimitRequest request, Scope scope) => request switch
    {
        { MaxRuns: null, Weight: null } => "Say maxRuns, weight or both.",
        { MaxRuns: < 0 or > MostRuns } => FormattableString.Invariant($"maxRuns is from 0 to {MostRuns:N0}."),
        { Weight: not null } when scope.Kind is not ("tenant" or "key") => "Only tenants and keys have a weight.",
        { Weight: { } weight } when !(weight is >= WorkerOptions.LeastWeight and <= WorkerOptions.MostWeight) =>
            FormattableString.Invariant($"A weight is from {WorkerOptions.LeastWeight} to {WorkerOptions.MostWeight:N0}."),
        _ => null,
    };
}
