using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>The tool calls of all runs that wait for a person, those of the oldest run first.</summary>
public static class ListApprovalsEndpoint
{
    static readonly Paging Pages = new(Default: 50, Most: 200);

    public static ProblemDetails Validate(string? cursor, int? limit) => Pages.Problem(limit, cursor) ?? WolverineContinue.NoProblems;

    /// <param name="limit">Runs whose calls are listed, 1 to 200; 50 when nothing is said.</param>
    [WolverineGet("/approvals"), Requires(Permissions.Read)]
    public static Task<Page<ApprovalView>> Get(
        [FromQuery] string? cursor, [FromQuery] int? limit, ApprovalReader approvals, HttpContext http, CancellationToken ct) =>
        approvals.Waiting(Caller.Of(http).Tenant, Paging.Before(cursor), Pages.Limit(limit), ct);
}

/// <summary>A tool call that waits for a person.</summary>
/// <param name="Arguments">JSON as the model wrote it, valid or not.</param>
/// <param name="Since">When it was asked for.</param>
/// <param name="Until">When it is denied if no person has answered. Null when it waits as long as the run may take.</param>
/// <param name="Status">Of the run: running, or paused or parked, and then it goes on only when it is resumed as well.</param>
/// <param name="StepName">The step in which it was asked for.</param>
/// <param name="ThreadId">The run's conversation. Null when it has none.</param>
public sealed record ApprovalView(
    Guid RunId, string ToolCallId, string Tool, string Arguments, DateTimeOffset Since, DateTimeOffset? Until, string Agent, string Question,
    string Status, string? StepName, string? ThreadId);
