using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Projections;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>What an audit replay found.</summary>
/// <param name="IsIdentical">The rules of this server decide every fact of the run again from the outcomes that were recorded.</param>
/// <param name="Facts">How many facts the run has.</param>
/// <param name="Divergence">The first fact that they do not decide. Null when there is none.</param>
/// <param name="NewSpendUsd">What the replay has bought: nothing, ever.</param>
/// <param name="InheritedSpendUsd">US dollars that the history has cost that was replayed.</param>
public sealed record ReplayView(Guid Id, bool IsIdentical, long Facts, DivergenceView? Divergence, decimal? NewSpendUsd, decimal? InheritedSpendUsd);

/// <summary>Where the facts part from what the rules decide.</summary>
/// <param name="Version">Of the first fact that differs.</param>
/// <param name="Stored">That fact. Null when the run ends before it.</param>
/// <param name="Decided">What the rules decide from there on; empty when no outcome brings such a fact.</param>
public sealed record DivergenceView(long Version, FactView? Stored, IReadOnlyList<FactView> Decided);

/// <param name="Type">The stored name, such as <c>step_started</c>.</param>
public sealed record FactView(string Type, JsonElement Data)
{
    internal static FactView Of(RunEvent fact) =>
        new(EventNames.All[fact.GetType()], JsonSerializer.SerializeToElement(fact, fact.GetType(), EventView.StoredFormat));
}

/// <summary>
/// Proves a run: derives each of its decisions anew from the outcomes that were recorded, with the rules of this server and the definition that the run
/// obeys, and compares them with its facts. Asks no model, calls no tool, writes nothing.
/// </summary>
public static class ReplayRunEndpoint
{
    [WolverinePost("/runs/{id}/replay"), Requires(Permissions.Read)]
    [ProducesResponseType<ReplayView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(Guid id, PastRuns runs, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        if (await runs.Whole(tenant, id, ct) is not { } whole) return RunProblems.NotFound(id);

        var divergence = await runs.Check(tenant, whole, ct);
        return Results.Ok(new ReplayView(
            id, divergence is null, whole.Version,
            divergence is null
                ? null
                : new(divergence.Version, divergence.Stored is { } stored ? FactView.Of(stored) : null, [.. divergence.Decided.Select(FactView.Of)]),
            NewSpendUsd: 0, whole.Run.CostUsd + whole.Run.InheritedUsd));
    }
}
