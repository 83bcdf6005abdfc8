using System.Net.Http.Json;
using Agents.Host.Http;

namespace Agents.Host.Tests.Access;

/// <summary>What becomes of a request that names something of another tenant, from a caller who may do the like with its own.</summary>
public enum Foreign
{
    /// <summary>The request names nothing of any tenant: it is about the caller's own, or about what all share.</summary>
    NamesNothing,

    /// <summary>404, as if there were none.</summary>
    IsUnknown,

    /// <summary>403: the name is no secret to who sends it, and the thing is another's.</summary>
    IsForbidden,
}

/// <summary>An operation of the server's endpoints, and who may use it.</summary>
/// <param name="Name">Method and route.</param>
/// <param name="Permission">Null for those that ask for no key.</param>
/// <param name="Url">With the names of <see cref="Belongings"/> in braces.</param>
public sealed record Operation(string Name, string? Permission, string Url, object? Body = null, Foreign Foreign = Foreign.NamesNothing)
{
    public HttpMethod Method => new(Name.Split(' ')[0]);

    public string UrlFor(Belongings target) => Url
        .Replace("{run}", $"{target.Run}", StringComparison.Ordinal).Replace("{batch}", $"{target.Batch}", StringComparison.Ordinal)
        .Replace("{schedule}", target.Schedule, StringComparison.Ordinal).Replace("{document}", target.Document, StringComparison.Ordinal)
        .Replace("{thread}", target.Thread, StringComparison.Ordinal).Replace("{response}", target.Response, StringComparison.Ordinal)
        .Replace("{whatIf}", $"{target.WhatIf}", StringComparison.Ordinal)
        .Replace("{letter}", $"{target.Letter}", StringComparison.Ordinal).Replace("{tenant}", target.Tenant, StringComparison.Ordinal)
        .Replace("{mark}", target.Mark, StringComparison.Ordinal);

    public HttpContent? Content() => Body switch
    {
        null => null,
        string text => new StringContent(text),
        _ => JsonContent.Create(Body),
    };
}

/// <summary>Every operation of the server. One that is added to the server and not here fails the test.</summary>
public static class Operations
{
    static readonly object Question = new { agent = "talker", question = "What now?", budgetUsd = 0.5 };
    static readonly object Firing = new { name = "made-by-matrix", cron = "0 0 1 1 *", run = Question };
    static readonly object NoAgent = new { agent = "nobody" };
    static readonly object Nothing = new { };

    public static readonly IReadOnlyList<Operation> All =
    [
        new("GET /health/live", null, "/health/live"),
        new("GET /health/ready", null, "/health/ready"),
        new("GET /health/proof", null, "/health/proof?nonce=n"),
        new("GET /", null, "/"),
        new("GET /pages/{edition}/{**file}", null, "/pages/any/core.js"),
        new("GET /me", Permissions.Known, "/me"),
        new("GET /reference/scalar.js", null, "/reference/scalar.js"),
        new("GET /reference/scalar.aspnetcore.js", null, "/reference/scalar.aspnetcore.js"),
        new("GET /reference/favicon.svg", null, "/reference/favicon.svg"),
        new("GET /reference/{documentName?}", Permissions.Read, "/reference/"),
        new("GET /openapi/{documentName}.json", Permissions.Read, "/openapi/v1.json"),
        new("GET /metrics", Permissions.Metrics, "/metrics"),

        new("GET /runs", Permissions.Read, "/runs"),
        new("GET /evidence", Permissions.Read, "/evidence"),
        new("GET /costs/hours", Permissions.Costs, "/costs/hours"),
        new("GET /runs/counts", Permissions.Read, "/runs/counts"),
        new("GET /runs/{id}", Permissions.Read, "/runs/{run}", Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/events", Permissions.Read, "/runs/{run}/events", Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/timeline", Permissions.Read, "/runs/{run}/timeline", Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/why", Permissions.Read, "/runs/{run}/why", Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/state", Permissions.Read, "/runs/{run}/state", Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/diff", Permissions.Read, "/runs/{run}/diff?from=1&to=1", Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/calls/{call}/prompt", Permissions.Read, "/runs/{run}/calls/1/prompt", Foreign: Foreign.IsUnknown),
        new("POST /runs/{id}/replay", Permissions.Read, "/runs/{run}/replay", Nothing, Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/children", Permissions.Read, "/runs/{run}/children", Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/tool-calls", Permissions.Read, "/runs/{run}/tool-calls", Foreign: Foreign.IsUnknown),
        new("GET /runs/{id}/stream", Permissions.Read, "/runs/{run}/stream", Foreign: Foreign.IsUnknown),
        new("GET /stream", Permissions.Read, "/stream?after=0"),
        new("GET /threads/{threadId}", Permissions.Read, "/threads/{thread}", Foreign: Foreign.IsUnknown),
        new("GET /tools", Permissions.Read, "/tools"),
        new("GET /threads", Permissions.Read, "/threads"),
        new("GET /approvals", Permissions.Read, "/approvals"),
        new("GET /batches", Permissions.Read, "/batches"),
        new("GET /batches/{id}", Permissions.Read, "/batches/{batch}", Foreign: Foreign.IsUnknown),
        new("GET /batches/{id}/items", Permissions.Read, "/batches/{batch}/items", Foreign: Foreign.IsUnknown),
        new("GET /runs/compare", Permissions.Read, "/runs/compare?a={run}&b={run}", Foreign: Foreign.IsUnknown),
        new("GET /whatifs/{id}", Permissions.Read, "/whatifs/{whatIf}", Foreign: Foreign.IsUnknown),
        new("GET /whatifs/{id}/pairs", Permissions.Read, "/whatifs/{whatIf}/pairs", Foreign: Foreign.IsUnknown),
        new("GET /schedules", Permissions.Read, "/schedules"),
        new("GET /schedules/{name}", Permissions.Read, "/schedules/{schedule}", Foreign: Foreign.IsUnknown),
        new("GET /documents", Permissions.Read, "/documents"),
        new("GET /documents/{id}", Permissions.Read, "/documents/{document}", Foreign: Foreign.IsUnknown),
        new("GET /documents/{id}/answers", Permissions.Read, "/documents/{document}/answers", Foreign: Foreign.IsUnknown),
        new("GET /passages", Permissions.Read, "/passages?id={document}/1/1", Foreign: Foreign.IsUnknown),
        new("GET /search", Permissions.Read, "/search?q={mark}"),
        new("GET /agents", Permissions.Read, "/agents"),
        new("GET /agents/{name}", Permissions.Read, "/agents/talker"),
        new("GET /agents/{name}/versions", Permissions.Read, "/agents/made-by-matrix/versions"),
        new("GET /agents/{name}/versions/{version}", Permissions.Read, "/agents/talker/versions/1"),
        new("GET /schemas/agent.json", null, "/schemas/agent.json"),
        new("GET /definitions/{hash}", Permissions.Read, $"/definitions/{TestAgents.Talker.Hash()}"),
        new("GET /v1/models", Permissions.Read, "/v1/models"),
        new("GET /v1/models/{model}", Permissions.Read, "/v1/models/talker"),
        new("GET /v1/responses/{id}", Permissions.Read, "/v1/responses/{response}", Foreign: Foreign.IsUnknown),
        new("GET /v1/responses/{id}/input_items", Permissions.Read, "/v1/responses/{response}/input_items", Foreign: Foreign.IsUnknown),
        new("GET /dead-letters", Permissions.Read, "/dead-letters"),
        new("GET /limits", Permissions.Read, "/limits"),
        new("GET /pauses", Permissions.Read, "/pauses"),
        new("GET /queues", Permissions.Read, "/queues"),
        new("GET /changes", Permissions.Administer, "/changes"),
        new("GET /nodes", Permissions.Platform, "/nodes"),
        new("GET /rates", Permissions.Platform, "/rates"),
        new("GET /budgets", Permissions.Costs, "/budgets"),
        new("GET /budgets/{scope}/{value}", Permissions.Costs, "/budgets/key/{mark}", Foreign: Foreign.IsUnknown),
        new("GET /costs", Permissions.Costs, "/costs"),
        new("GET /dashboard", Permissions.Costs, "/dashboard"),
        new("GET /prices", Permissions.Costs, "/prices"),
        new("GET /prices/model", Permissions.Costs, "/prices/model?model={mark}-model", Foreign: Foreign.IsUnknown),

        new("PUT /runs/{id}/budget", Permissions.ManageMoney, "/runs/{run}/budget", new { budgetUsd = 1 }, Foreign.IsUnknown),
        new("PUT /budgets/{scope}/{value}", Permissions.ManageMoney, "/budgets/tenant/{tenant}", new { limitUsd = 100 }, Foreign.IsUnknown),
        new("POST /budgets/{scope}/{value}/raise", Permissions.ManageMoney, "/budgets/key/{mark}/raise", new { byUsd = 1 }, Foreign.IsUnknown),
        new("POST /runs/{id}/spend/{call}/{attempt}", Permissions.ManageMoney, "/runs/{run}/spend/1/1", new { usd = 1 }, Foreign.IsUnknown),
        new("POST /finance/usage", Permissions.ManageMoney, "/finance/usage", "at,model,cost\n"),
        new("POST /prices", Permissions.Platform, "/prices", new { list = Nothing, tenant = Neighbours.Other }),
        new("PUT /limits/{scope}", Permissions.Platform, "/limits/tenant:{tenant}", new { maxRuns = 1000 }),
        new("PUT /rates/{provider}/{**model}", Permissions.Platform, "/rates/offline/some-model", new { requestsPerMinute = 1000 }),
        new("PUT /pauses/{scope}", Permissions.Administer, "/pauses/tenant:{tenant}", new { reason = "" }, Foreign.IsForbidden),
        new("POST /nodes/{name}/drain", Permissions.Platform, "/nodes/nobody/drain"),
        new("POST /nodes/{name}/resume", Permissions.Platform, "/nodes/nobody/resume"),

        new("PUT /agents/{name}", Permissions.Administer, "/agents/made-by-matrix", "name: made-by-matrix\nsteps: [{ name: talk, instructions: Answer. }]\n"),
        new("PUT /agents/{name}/aliases/{alias}", Permissions.Administer, "/agents/made-by-matrix/aliases/canary", new { version = 1 }),
        new("DELETE /agents/{name}/aliases/{alias}", Permissions.Administer, "/agents/made-by-matrix/aliases/canary"),
        new("PUT /agents/{name}/trial", Permissions.Administer, "/agents/made-by-matrix/trial", new { version = 1, percent = 5 }),
        new("DELETE /agents/{name}/trial", Permissions.Administer, "/agents/made-by-matrix/trial"),
        new("POST /agents/{name}/rollback", Permissions.Administer, "/agents/made-by-matrix/rollback"),

        new("POST /runs", Permissions.Operate, "/runs", Question),
        new("POST /runs/batch", Permissions.Operate, "/runs/batch", new { items = new[] { Question } }),
        new("POST /whatifs/estimate", Permissions.Operate, "/whatifs/estimate", new { agent = "talker", model = "offline-extractive-1" }),
        new("POST /whatifs", Permissions.Operate, "/whatifs", new { agent = "talker", model = "offline-extractive-1", limit = 1, budgetUsd = 0.5 }),
        new("POST /runs/cancel", Permissions.Operate, "/runs/cancel", NoAgent),
        new("POST /runs/resume", Permissions.Operate, "/runs/resume", NoAgent),
        new("POST /runs/fork", Permissions.Operate, "/runs/fork", NoAgent),
        new("POST /runs/{id}/fork", Permissions.Operate, "/runs/{run}/fork", Nothing, Foreign.IsUnknown),
        new("POST /runs/{id}/pause", Permissions.Operate, "/runs/{run}/pause", Nothing, Foreign.IsUnknown),
        new("POST /runs/{id}/resume", Permissions.Operate, "/runs/{run}/resume", Nothing, Foreign.IsUnknown),
        new("POST /runs/{id}/cancel", Permissions.Operate, "/runs/{run}/cancel", Nothing, Foreign.IsUnknown),
        new("POST /runs/{id}/tool-calls/{callId}/approve", Permissions.Operate, "/runs/{run}/tool-calls/c1/approve", Nothing, Foreign.IsUnknown),
        new("POST /runs/{id}/tool-calls/{callId}/deny", Permissions.Operate, "/runs/{run}/tool-calls/c1/deny", Nothing, Foreign.IsUnknown),
        new(
            "POST /runs/{id}/tool-calls/{callId}/resolve", Permissions.Operate, "/runs/{run}/tool-calls/c1/resolve", new { again = true },
            Foreign.IsUnknown),
        new("POST /runs/{id}/signals/{name}", Permissions.Operate, "/runs/{run}/signals/go", Nothing, Foreign.IsUnknown),
        new("POST /batches/{id}/cancel", Permissions.Operate, "/batches/{batch}/cancel", Nothing, Foreign.IsUnknown),
        new("POST /v1/responses", Permissions.Operate, "/v1/responses", new { model = "talker", input = "What now?", background = true }),
        new("POST /v1/responses/{id}/cancel", Permissions.Operate, "/v1/responses/{response}/cancel", Foreign: Foreign.IsUnknown),
        new("POST /documents", Permissions.Operate, "/documents?source=matrix.txt", "A document of the matrix."),
        new("POST /schedules", Permissions.Operate, "/schedules", Firing),
        new("PUT /schedules/{name}", Permissions.Operate, "/schedules/{schedule}", new { cron = "0 0 1 1 *", run = Question }, Foreign.IsUnknown),
        new("POST /schedules/{name}/pause", Permissions.Operate, "/schedules/{schedule}/pause", Foreign: Foreign.IsUnknown),
        new("POST /schedules/{name}/resume", Permissions.Operate, "/schedules/{schedule}/resume", Foreign: Foreign.IsUnknown),
        new("POST /schedules/{name}/run", Permissions.Operate, "/schedules/{schedule}/run", Foreign: Foreign.IsUnknown),
        new("POST /dead-letters/{id}/replay", Permissions.Operate, "/dead-letters/{letter}/replay", Foreign: Foreign.IsUnknown),

        new("DELETE /dead-letters/{id}", Permissions.Operate, "/dead-letters/{letter}", Foreign: Foreign.IsUnknown),
        new("POST /dead-letters/replay", Permissions.Operate, "/dead-letters/replay"),
        new("DELETE /v1/responses/{id}", Permissions.Operate, "/v1/responses/{response}", Foreign: Foreign.IsUnknown),
        new("POST /documents/{id}/ask-again", Permissions.Operate, "/documents/{document}/ask-again", new { version = 1, budgetUsd = 0.5 },
            Foreign.IsUnknown),
        new("POST /documents/{id}/recall", Permissions.Operate, "/documents/{document}/recall", new { version = 1 }, Foreign.IsUnknown),
        new("DELETE /documents/{id}", Permissions.Operate, "/documents/{document}", Foreign: Foreign.IsUnknown),
        new("DELETE /schedules/{name}", Permissions.Operate, "/schedules/{schedule}", Foreign: Foreign.IsUnknown),
        new("DELETE /budgets/{scope}/{value}", Permissions.ManageMoney, "/budgets/key/{mark}", Foreign: Foreign.IsUnknown),
        new("DELETE /limits/{scope}", Permissions.Platform, "/limits/tenant:{tenant}"),
        new("DELETE /rates/{provider}/{**model}", Permissions.Platform, "/rates/offline/some-model"),
        new("DELETE /pauses/{scope}", Permissions.Administer, "/pauses/tenant:{tenant}", Foreign: Foreign.IsForbidden),
    ];
}
