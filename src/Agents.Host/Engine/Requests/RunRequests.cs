using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Money;
using Agents.Host.Knowledge;
using Agents.Host.Models;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Requests;

/// <summary>What is wrong with a request for a run, whichever way it comes, and the run it asks for.</summary>
public static class RunRequests
{
    const int ThreadCharacters = 128;
    const int ModelCharacters = 200;

    /// <summary>How far ahead a run may be put off, or a deadline lie.</summary>
    static readonly TimeSpan Furthest = TimeSpan.FromDays(366);

    /// <summary>Null when nothing is.</summary>
    /// <param name="agent">What the request's name of an agent stands for.</param>
    /// <param name="now">By the database's clock.</param>
    public static Refusal? Problem(QueueRunRequest request, AskedAgent agent, ModelProviders models, DateTimeOffset now)
    {
        if (agent.Problem is { } unknown) return new(RefusalKind.Unknown, "Unknown agent", unknown);
        if (string.IsNullOrWhiteSpace(CleanText.Of(request.Question ?? "")))
            return new(RefusalKind.Malformed, "Empty question", "A run needs a question.");
        if (request.Question!.Length > TextBounds.QuestionCharacters)
            return new(RefusalKind.Malformed, "Question too long",
                $"A question may have {TextBounds.QuestionCharacters:N0} characters; this one has {request.Question.Length:N0}.");
        if (Priorities.Parse(request.Priority) is null)
            return new(RefusalKind.Malformed, "Unknown priority", "A priority is a number from 0 to 9, or low, normal, high or urgent.");
        if (request.BudgetUsd is <= 0 or > BudgetAmount.MostUsd)
            return new(RefusalKind.Malformed, "Bad budget", $"A budget is above 0 and at most {BudgetAmount.MostUsd:N0} US dollars.");
        if (Labels.Problem(request.Metadata) is { } problem) return new(RefusalKind.Malformed, "Bad metadata", problem);
        if (KeyProblem(request.IdempotencyKey) is { } bad) return bad;
        if (request.ThreadId is { } thread && (thread.Length is 0 or > ThreadCharacters || thread != Sanitiser.Text(thread, ThreadCharacters)))
            return new(RefusalKind.Malformed, "Bad thread", $"A thread's name has 1 to {ThreadCharacters} characters.");
        if (request is { ThreadId: null, Multitask: not null })
            return new(RefusalKind.Malformed, "No thread", "multitask is about the runs of a thread: name it with threadId.");
        if (request.Model is { } model && (string.IsNullOrWhiteSpace(model) || model != Sanitiser.Text(model, ModelCharacters)))
            return new(RefusalKind.Malformed, "Bad model", $"A model's name has 1 to {ModelCharacters} characters.");
        return TimesOf(request, now) ?? RunWishes.Problem(request.Parameters, agent, models) ?? RunWishes.Problem(request.Output, agent);
    }

    /// <summary>What is wrong with an idempotency key. Null when nothing is, or there is none.</summary>
    public static Refusal? KeyProblem(string? key)
    {
        if (key is { Length: > TextBounds.KeyCharacters })
            return new(RefusalKind.Malformed, "Idempotency-Key too long", $"It may have {TextBounds.KeyCharacters} characters.");
        return key is not null && (string.IsNullOrWhiteSpace(key) || key != Sanitiser.Text(key, key.Length))
            ? new(RefusalKind.Malformed, "Bad Idempotency-Key", "It has a character that cannot be stored, or none.")
            : null;
    }

    /// <summary>What is wrong with the two places that a key may stand in. Null when nothing is.</summary>
    public static Refusal? KeysProblem(string? header, string? member) => header is not null && member is not null && header != member
        ? new(RefusalKind.Malformed, "Two idempotency keys",
            "The header Idempotency-Key and the member idempotencyKey are not the same: send one of them.")
        : KeyProblem(header ?? member);

    /// <summary>The run that a request without a problem asks for.</summary>
    public static NewRun Run(QueueRunRequest request, AskedAgent agent, DateTimeOffset now, string? key, string? hash, ThreadPlace place) => new(
        agent, request.Question!, Priorities.Parse(request.Priority)!.Value, request.Metadata, request.BudgetUsd, key, hash,
        place, RunWishes.Brief(request.Output, request.Parameters))
    {
        Model = request.Model,
        NotBefore = request.NotBefore > now ? request.NotBefore.Value.ToUniversalTime() : null,
        Deadline = request.Deadline?.ToUniversalTime(),
    };

    /// <summary>SHA-256 of what is asked for: of everything but the key.</summary>
    public static string HashOf(QueueRunRequest request) =>
        NewRun.HashOf(JsonSerializer.SerializeToUtf8Bytes(request with { IdempotencyKey = null }, JsonFormat.Api));

    static Refusal? TimesOf(QueueRunRequest request, DateTimeOffset now)
    {
        if (request.NotBefore > now + Furthest)
            return new(RefusalKind.Malformed, "Too far ahead",
                $"notBefore may lie {Furthest.TotalDays:N0} days ahead. Use a schedule for what comes again and again.");
        if (request.Deadline <= now)
            return new(RefusalKind.Malformed, "Deadline has passed", $"By the server it is {now.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.");
        if (request.Deadline <= request.NotBefore)
            return new(RefusalKind.Malformed, "Deadline before the start", "The deadline must lie after notBefore.");
        return null;
    }
}

/// <summary>What is asked for.</summary>
/// <param name="Agent">
/// Name of the agent, see <c>GET /agents</c>: alone, or with a version or an alias, such as <c>triage@3</c> and <c>triage@canary</c>.
/// </param>
/// <param name="Question">From 1 to 16,384 characters.</param>
/// <param name="Priority">0 to 9, 9 the most urgent, or <c>low</c>, <c>normal</c>, <c>high</c>, <c>urgent</c>. 5 when nothing is said.</param>
/// <param name="Metadata">The caller's own labels: at most 16, keys to 64 and values to 512 characters.</param>
/// <param name="BudgetUsd">US dollars this run may spend, above 0. Null means the agent's limit.</param>
/// <param name="ThreadId">
/// The conversation it belongs to: any name of 1 to 128 characters, or the id of the run that began it. Null means none.
/// </param>
/// <param name="Multitask">What happens when the thread has a run that has not ended: <c>reject</c> when nothing is said.</param>
/// <param name="NotBefore">The run does not begin before. What lies in the past means now; at most a year ahead.</param>
/// <param name="Deadline">The run fails if it is still queued or running then. Null means that only the agent's duration ends it.</param>
/// <param name="Output">What the answer must be like. Null means as the agent has it.</param>
/// <param name="Parameters">How the models are to answer, before what step and agent say. Null means as these say.</param>
/// <param name="Model">Of the steps that name none, 1 to 200 characters. Null means the agent's, else the server's.</param>
/// <param name="IdempotencyKey">
/// The caller's name for this request, 1 to 200 characters: one key, one run. The same as the header <c>Idempotency-Key</c>.
/// </param>
public sealed record QueueRunRequest(
    string? Agent, string? Question, JsonElement? Priority = null, IReadOnlyDictionary<string, string>? Metadata = null, decimal? BudgetUsd = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ThreadId = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Multitask? Multitask = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? NotBefore = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? Deadline = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? IdempotencyKey = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] WantedOutput? Output = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ModelParameters? Parameters = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Model = null);
