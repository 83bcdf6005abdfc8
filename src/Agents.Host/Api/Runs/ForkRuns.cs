using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Which runs are meant, as for <c>POST /runs/resume</c>, and how the forks differ from them.</summary>
/// <param name="Status">One status. Null means parked, failed and cancelled.</param>
/// <param name="Model">Of the steps that name none. Null means the same.</param>
public sealed record ForkRunsRequest(
    string? Status = null, string? Agent = null, string? Failure = null, int? Limit = null, string? Reason = null, string? Model = null)
{
    internal ChangeRunsRequest Filter() => new(Status, Agent, Failure, Limit, Reason);
}

/// <param name="Forked">Runs that were forked, and their forks.</param>
/// <param name="Unchanged">Runs that could not be forked; forked alone, each says why.</param>
/// <param name="HasMore">More runs fit than the limit let through: ask again.</param>
public sealed record ForkedRuns(IReadOnlyList<ForkOfRun> Forked, IReadOnlyList<Guid> Unchanged, bool HasMore);

public sealed record ForkOfRun(Guid Run, Guid Fork);

/// <summary>
/// Continues all runs that fit, each in a fork, as late as can be. Forks, and runs that were forked before, are left alone, so that asking again
/// forks nothing twice.
/// </summary>
public static class ForkRunsEndpoint
{
    static readonly RunStatus[] Fits = [RunStatus.Parked, RunStatus.Failed, RunStatus.Cancelled, RunStatus.Paused, RunStatus.Completed];
    static readonly string[] Meant = ["parked", "failed", "cancelled"];

    public static ProblemDetails Validate(ForkRunsRequest request) =>
        ChangeRuns.Problem(request.Filter(), Fits) is { Status: 400 } problem
            ? problem : ForkRunEndpoint.Validate(new(Model: request.Model), idempotencyKey: null);

    [WolverinePost("/runs/fork"), Requires(Permissions.Operate)]
    [ProducesResponseType<ForkedRuns>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(429)]
    public static async Task<IResult> Post(
        ForkRunsRequest request, RunReader runs, Forks forks, QueueBound bound, RunTransactions transactions, HttpContext http, CancellationToken ct)
    {
        var (caller, limit) = (Caller.Of(http), ChangeRuns.Pages.Limit(request.Limit));
        var found = await runs.Matching(
            caller.Tenant, request.Status is { } status ? [status] : Meant, request.Agent, request.Failure, limit + 1, ct, isUnforked: true);
        var origins = found.Take(limit).ToList();
        if (origins.Count > 0 && await bound.Refusal(caller.Tenant, origins.Count, ct) is { } full) return RunProblems.QueueFull(full, http);

        var made = new Guid?[origins.Count];
        await Parallel.ForAsync(0, made.Length, new ParallelOptions { MaxDegreeOfParallelism = ChangeRuns.Parallel, CancellationToken = ct },
            async (index, cancellation) =>
        {
            await using var transaction = transactions.Begin(caller.Tenant);
            var forked = await forks.Fork(
                transaction, origins[index], new(Model: request.Model, Reason: request.Reason), caller, key: null, hash: null, cancellation);
            if (forked.Refusal is not null) return;
            await transaction.Commit(cancellation);
            made[index] = forked.Id;
        });

        return Results.Ok(new ForkedRuns(
            [.. origins.Zip(made).Where(pair => pair.Second is not null).Select(pair => new ForkOfRun(pair.First, pair.Second!.Value))],
            [.. origins.Zip(made).Where(pair => pair.Second is null).Select(pair => pair.First)], found.Count > limit));
    }
}
