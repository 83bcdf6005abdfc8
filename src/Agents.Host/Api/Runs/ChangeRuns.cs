using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>Which runs are meant, and why.</summary>
/// <param name="Status">One status, or null for each that the command fits.</param>
/// <param name="Agent">Only this agent's. Null for all.</param>
/// <param name="Failure">Only runs parked for this kind of failure, such as <c>RateLimited</c>. Null for all.</param>
/// <param name="Limit">At most so many, the oldest first: 1 to 1,000, 100 when nothing is said.</param>
/// <param name="Reason">At most 500 characters.</param>
public sealed record ChangeRunsRequest(string? Status = null, string? Agent = null, string? Failure = null, int? Limit = null, string? Reason = null);

/// <param name="Changed">Runs that the command has changed.</param>
/// <param name="Unchanged">Runs that had moved on before it reached them.</param>
/// <param name="HasMore">More runs fit than the limit let through: ask again.</param>
public sealed record ChangedRuns(IReadOnlyList<Guid> Changed, IReadOnlyList<Guid> Unchanged, bool HasMore);

/// <summary>One command on many runs, each in a transaction of its own: one that fails does not hold back the others.</summary>
static class ChangeRuns
{
    public static readonly Paging Pages = new(Default: 100, Most: 1000);

    /// <summary>Runs changed side by side.</summary>
    public const int Parallel = 8;

    public static ProblemDetails Problem(ChangeRunsRequest request, RunStatus[] fits)
    {
        if (request.Status is { } status && !fits.Any(fit => NameOf(fit) == status))
            return Refusals.Malformed("Status does not fit", $"For this command a status is one of: {string.Join(", ", fits.Select(NameOf))}.");
        if (request.Failure is { } failure && !Enum.GetNames<FailureKind>().Contains(failure))
            return Refusals.Malformed("Unknown failure", $"A failure is one of: {string.Join(", ", Enum.GetNames<FailureKind>())}.");
        if (Pages.Problem(request.Limit) is { } problem) return problem;
        if (request.Reason?.Length > TextBounds.ReasonCharacters)
            return Refusals.Malformed("Bad reason", $"A reason has at most {TextBounds.ReasonCharacters} characters.");
        return WolverineContinue.NoProblems;
    }

    public static async Task<ChangedRuns> Apply(
        ChangeRunsRequest request, RunStatus[] fits, RunReader runs, Decisions decisions, string tenant,
        Func<Run, AgentDefinition, string, Decision> decide, CancellationToken ct)
    {
        var limit = Pages.Limit(request.Limit);
        var statuses = request.Status is { } status ? [status] : fits.Select(NameOf).ToArray();
        var found = await runs.Matching(tenant, statuses, request.Agent, request.Failure, limit + 1, ct);
        var done = await Apply([.. found.Take(limit)], fits, decisions, tenant, request.Reason, decide, ct);
        return done with { HasMore = found.Count > limit };
    }

    /// <summary>On each of these, side by side.</summary>
    public static async Task<ChangedRuns> Apply(
        IReadOnlyList<Guid> found, RunStatus[] fits, Decisions decisions, string tenant, string? why,
        Func<Run, AgentDefinition, string, Decision> decide, CancellationToken ct)
    {
        var reason = Sanitiser.Text(why ?? "", TextBounds.ReasonCharacters);
        var changed = new bool[found.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = ct };
        await System.Threading.Tasks.Parallel.ForAsync(0, changed.Length, parallel, async (index, cancellation) =>
        {
            var decision = await decisions.Decide(
                tenant, found[index],
                (run, agent) => fits.Contains(run.Status) ? decide(run, agent, reason) : Decision.On(run, agent), cancellation);
            changed[index] = decision is { Events.Count: > 0 };
        });

        return new([.. found.Where((_, index) => changed[index])], [.. found.Where((_, index) => !changed[index])], HasMore: false);
    }

    static string NameOf(RunStatus status) => status.ToString().ToLowerInvariant();
}
