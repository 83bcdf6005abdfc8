using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Models;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Runs;

/// <summary>What is asked for.</summary>
/// <param name="Agent">Name of the agent; see <c>GET /agents</c>.</param>
/// <param name="Question">From 1 to 16,384 characters.</param>
/// <param name="Priority">0 to 9, 9 the most urgent, or <c>low</c>, <c>normal</c>, <c>high</c>, <c>urgent</c>. 5 when nothing is said.</param>
/// <param name="Metadata">The caller's own labels: at most 16, keys to 64 and values to 512 characters.</param>
/// <param name="BudgetUsd">US dollars this run may spend, above 0. Null means the agent's limit.</param>
/// <param name="ThreadId">The conversation it belongs to: any name of 1 to 128 characters, or the id of the run that began it. Null means none.</param>
/// <param name="Multitask">What happens when the thread has a run that has not ended: <c>reject</c> when nothing is said.</param>
public sealed record QueueRunRequest(
    string? Agent, string? Question, JsonElement? Priority = null, IReadOnlyDictionary<string, string>? Metadata = null, decimal? BudgetUsd = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ThreadId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Multitask? Multitask = null);

/// <summary>A run that was accepted.</summary>
public sealed record QueuedRun(Guid Id, string Status, string Url, string Stream);

/// <summary>Accepts a run: stored, with everything needed to do it, before the answer is given.</summary>
public static class QueueRunEndpoint
{
    const int ThreadCharacters = 128;

    public static ProblemDetails Validate(QueueRunRequest request, AgentCatalog agents, [FromHeader(Name = "Idempotency-Key")] string? key)
    {
        if (agents.Find(request.Agent) is null)
            return Refuse(404, "Unknown agent", $"No agent is named {Shown(request.Agent)}. There are: {string.Join(", ", agents.All.Select(agent => agent.Name))}.");
        if (string.IsNullOrWhiteSpace(request.Question)) return Refuse(400, "Empty question", "A run needs a question.");
        if (request.Question.Length > NewRun.QuestionCharacters)
            return Refuse(400, "Question too long", $"A question may have {NewRun.QuestionCharacters:N0} characters; this one has {request.Question.Length:N0}.");
        if (Priorities.Parse(request.Priority) is null)
            return Refuse(400, "Unknown priority", "A priority is a number from 0 to 9, or low, normal, high or urgent.");
        if (request.BudgetUsd is <= 0) return Refuse(400, "Bad budget", "A budget is above 0 US dollars.");
        if (Labels.Problem(request.Metadata) is { } problem) return Refuse(400, "Bad metadata", problem);
        if (key is { Length: > NewRun.KeyCharacters }) return Refuse(400, "Idempotency-Key too long", $"It may have {NewRun.KeyCharacters} characters.");
        if (request.ThreadId is { } thread && (thread.Length is 0 or > ThreadCharacters || thread != Sanitiser.Text(thread, ThreadCharacters)))
            return Refuse(400, "Bad thread", $"A thread's name has 1 to {ThreadCharacters} characters.");
        if (request is { ThreadId: null, Multitask: not null }) return Refuse(400, "No thread", "multitask is about the runs of a thread: name it with threadId.");
        return WolverineContinue.NoProblems;
    }

    [WolverinePost("/runs"), ProducesResponseType<QueuedRun>(202), ProducesResponseType<ProblemDetails>(409), ProducesResponseType<ProblemDetails>(422)]
    public static async Task<IResult> Post(
        QueueRunRequest request, AgentCatalog agents, ModelOptions models, Definitions definitions, IDocumentSession session, HttpContext http,
        [FromHeader(Name = "Idempotency-Key")] string? key, CancellationToken ct)
    {
        var hash = key is null ? null : HashOf(request);
        if (key is not null && await EarlierRuns.Find(session, key, ct) is { } earlier)
            return earlier.RequestHash == hash
                ? Accepted(earlier.RunId, earlier.Status)
                : Results.Problem(statusCode: 422, title: "Idempotency-Key used before", detail: "This key came with another request. Use a new key for a new run.");

        var caller = Caller.Of(http);
        var place = request.ThreadId is null
            ? ThreadPlace.None
            : await ThreadPlace.Take(session, request.ThreadId, null, request.Multitask ?? Multitask.Reject, caller.Name, definitions, ct);
        if (place.Busy is { } busy)
            return Results.Problem(statusCode: 409, title: "Thread is busy", detail: $"Run {busy} has not ended. Pass multitask enqueue to wait for it, or interrupt to cancel it.");

        var runId = new NewRun(
            agents.Find(request.Agent)!, request.Question!, Priorities.Parse(request.Priority)!.Value, request.Metadata, request.BudgetUsd,
            key, hash, place, Brief: null).Queue(session, models, caller);
        return Accepted(runId, "queued");
    }

    static IResult Accepted(Guid runId, string status)
    {
        var url = $"/runs/{runId}";
        return Results.Accepted(url, new QueuedRun(runId, status, url, $"{url}/stream"));
    }

    static string HashOf(QueueRunRequest request) =>
        NewRun.HashOf(JsonSerializer.SerializeToUtf8Bytes(request, JsonFormat.Api));

    static ProblemDetails Refuse(int status, string title, string detail) => new() { Status = status, Title = title, Detail = detail };

    static string Shown(string? name) => name is null ? "(none)" : $"\"{Sanitiser.Text(name, 100)}\"";
}
