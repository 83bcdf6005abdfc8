using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Knowledge;
using Agents.Host.Platform;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>A fork that was accepted.</summary>
/// <param name="InheritedUsd">
/// US dollars that the shared history has cost; they were paid by the runs that made it, and are no part of the fork's cost. Null for callers who may
/// not see money.
/// </param>
public sealed record ForkedRun(Guid Id, string Status, string Url, string Stream, ForkedFromView ForkedFrom, decimal? InheritedUsd);

/// <summary>
/// Continues a run in another one, from a version of it. What was bought is not bought again, and no tool's result is asked for twice.
/// </summary>
public static class ForkRunEndpoint
{
    const int ModelCharacters = 200;

    public static ProblemDetails Validate(ForkRunRequest request, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey) =>
        Problem(request, idempotencyKey) ?? WolverineContinue.NoProblems;

    [WolverinePost("/runs/{id}/fork"), Requires(Permissions.Operate)]
    [ProducesResponseType<ForkedRun>(202), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404),
     ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(422), ProducesResponseType<ProblemDetails>(429)]
    public static async Task<(IResult, OutgoingMessages)> Post(
        ForkRunRequest request, Guid id, Forks forks, RunReader runs, QueueBound bound, IDocumentSession session, HttpContext http,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, CancellationToken ct)
    {
        http.Response.RegisterForDispose(await bound.Turn(ct));
        var caller = Caller.Of(http);
        var hash = idempotencyKey is null ? null : NewRun.HashOf(JsonSerializer.SerializeToUtf8Bytes(new { fork = id, request }, JsonFormat.Api));
        if (idempotencyKey is not null && await EarlierRuns.Find(session, idempotencyKey, ct) is { } earlier)
            return earlier.RequestHash == hash && await runs.Run(caller.Tenant, earlier.RunId, ct) is { ForkedFrom: not null } run
                ? (Accepted(run), [])
                : (RunProblems.KeyUsedBefore(), []);

        if (await bound.Refusal(caller.Tenant, runs: 1, ct) is { } full) return (RunProblems.QueueFull(full, http), []);

        var transaction = new RunTransaction(session);
        var forked = await forks.Fork(transaction, id, request, caller, idempotencyKey, hash, ct);
        return (
            forked.Refusal is { } refusal ? refusal.Answer() : Accepted(forked.Id, "queued", forked.From!, forked.InheritedUsd),
            transaction.Messages());
    }

    static IResult Accepted(RunView run) => Accepted(run.Id, run.Status, run.ForkedFrom!, run.InheritedUsd ?? 0);

    static IResult Accepted(Guid id, string status, ForkedFromView from, decimal inheritedUsd)
    {
        var url = $"/runs/{id}";
        return Results.Accepted(url, new ForkedRun(id, status, url, $"{url}/stream", from, inheritedUsd));
    }

    static ProblemDetails? Problem(ForkRunRequest request, string? idempotencyKey)
    {
        if (request.Version < 1) return Refusals.Malformed("Bad version", "Versions of a run count from 1.");
        if (request.Question is { } question && string.IsNullOrWhiteSpace(CleanText.Of(question)))
            return Refusals.Malformed("Empty question", "A run needs a question; leave it out for the same.");
        if (request.Question?.Length > TextBounds.QuestionCharacters)
            return Refusals.Malformed("Question too long", $"A question may have {TextBounds.QuestionCharacters:N0} characters.");
        if (request.Model is { } model && (string.IsNullOrWhiteSpace(model) || model != Sanitiser.Text(model, ModelCharacters)))
            return Refusals.Malformed("Bad model", $"A model's name has 1 to {ModelCharacters} characters.");
        if (request.Reason?.Length > TextBounds.ReasonCharacters)
            return Refusals.Malformed("Bad reason", $"A reason has at most {TextBounds.ReasonCharacters} characters.");
        if (Priorities.Parse(request.Priority) is null)
            return Refusals.Malformed("Unknown priority", "A priority is a number from 0 to 9, or low, normal, high or urgent.");
        if (request.BudgetUsd is <= 0 or > BudgetAmount.MostUsd)
            return Refusals.Malformed("Bad budget", $"A budget is above 0 and at most {BudgetAmount.MostUsd:N0} US dollars.");
        return RunRequests.KeyProblem(idempotencyKey)?.Problem();
    }
}
