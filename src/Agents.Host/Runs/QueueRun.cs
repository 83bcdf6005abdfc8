using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Models;
using Marten;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Agents.Host.Runs;

/// <summary>What is asked for.</summary>
/// <param name="Agent">Name of the agent; see <c>GET /agents</c>.</param>
/// <param name="Question">From 1 to 16,384 characters.</param>
/// <param name="Priority">0 to 9, 9 the most urgent, or <c>low</c>, <c>normal</c>, <c>high</c>, <c>urgent</c>. 5 when nothing is said.</param>
/// <param name="Metadata">The caller's own labels: at most 16, keys to 64 and values to 512 characters.</param>
/// <param name="BudgetUsd">US dollars this run may spend, above 0. Null means the agent's limit.</param>
public sealed record QueueRunRequest(
    string? Agent, string? Question, JsonElement? Priority = null, IReadOnlyDictionary<string, string>? Metadata = null, decimal? BudgetUsd = null);

/// <summary>A run that was accepted.</summary>
public sealed record QueuedRun(Guid Id, string Status, string Url, string Stream);

/// <summary>Accepts a run: stored, with everything needed to do it, before the answer is given.</summary>
public static class QueueRunEndpoint
{
    const int QuestionCharacters = 16_384;
    const int KeyCharacters = 200;

    public static ProblemDetails Validate(QueueRunRequest request, AgentCatalog agents, [FromHeader(Name = "Idempotency-Key")] string? key)
    {
        if (agents.Find(request.Agent) is null)
            return Refuse(404, "Unknown agent", $"No agent is named {Shown(request.Agent)}. There are: {string.Join(", ", agents.All.Select(agent => agent.Name))}.");
        if (string.IsNullOrWhiteSpace(request.Question)) return Refuse(400, "Empty question", "A run needs a question.");
        if (request.Question.Length > QuestionCharacters)
            return Refuse(400, "Question too long", $"A question may have {QuestionCharacters:N0} characters; this one has {request.Question.Length:N0}.");
        if (Priorities.Parse(request.Priority) is null)
            return Refuse(400, "Unknown priority", "A priority is a number from 0 to 9, or low, normal, high or urgent.");
        if (request.BudgetUsd is <= 0) return Refuse(400, "Bad budget", "A budget is above 0 US dollars.");
        if (Labels.Problem(request.Metadata) is { } problem) return Refuse(400, "Bad metadata", problem);
        if (key is { Length: > KeyCharacters }) return Refuse(400, "Idempotency-Key too long", $"It may have {KeyCharacters} characters.");
        return WolverineContinue.NoProblems;
    }

    [WolverinePost("/runs"), ProducesResponseType<QueuedRun>(202), ProducesResponseType<ProblemDetails>(422)]
    public static async Task<IResult> Post(
        QueueRunRequest request, AgentCatalog agents, ModelOptions models, IDocumentSession session, HttpContext http,
        [FromHeader(Name = "Idempotency-Key")] string? key, CancellationToken ct)
    {
        var hash = key is null ? null : HashOf(request);
        if (key is not null && await EarlierRuns.Find(session, key, ct) is { } earlier)
            return earlier.RequestHash == hash
                ? Accepted(earlier.RunId, earlier.Status)
                : Results.Problem(statusCode: 422, title: "Idempotency-Key used before", detail: "This key came with another request. Use a new key for a new run.");

        var caller = Caller.Of(http);
        var (agent, runId) = (agents.Find(request.Agent)!, Guid.CreateVersion7());
        session.Events.StartStream<Run>(runId, new RunQueued(
            agent.Name, agent.Version, Definitions.Store(session, agent), agent.Model ?? models.Default,
            Sanitiser.Text(request.Question, QuestionCharacters), Priorities.Parse(request.Priority)!.Value, caller.Name,
            agent.Limits.Duration ?? Limits.DefaultDuration, Labels.Clean(request.Metadata), request.BudgetUsd,
            key is null ? null : Sanitiser.Text(key, KeyCharacters), hash, TraceParent: Activity.Current?.Id));
        return Accepted(runId, "queued");
    }

    static IResult Accepted(Guid runId, string status)
    {
        var url = $"/runs/{runId}";
        return Results.Accepted(url, new QueuedRun(runId, status, url, $"{url}/stream"));
    }

    static string HashOf(QueueRunRequest request) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request, JsonFormat.Api)));

    static ProblemDetails Refuse(int status, string title, string detail) => new() { Status = status, Title = title, Detail = detail };

    static string Shown(string? name) => name is null ? "(none)" : $"\"{Sanitiser.Text(name, 100)}\"";
}
