using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Responses;

/// <summary>
/// Asks an agent as OpenAI's Responses API asks a model. Queues a run, or answers the approvals one waits for; the answer is the response, or its
/// stream.
/// </summary>
public static class CreateResponseEndpoint
{
    /// <summary>How often OpenAI's clients have sent the request before.</summary>
    const string RetryCount = "x-stainless-retry-count";

    [WolverinePost("/v1/responses"), Requires(Permissions.Operate), StaysOpen, TakesBody(null)]
    [ProducesResponseType(typeof(object), 200), ProducesResponseType(typeof(object), 400)]
    public static async Task<IResult> Post(
        HttpContext http, NewResponse responses, ApprovalAnswers approvals, ResponseWriter writer, CancellationToken ct)
    {
        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, ct);
        var (request, refusal) = ResponseRequest.Read(body.ToArray());
        if (request is null) return refusal!;

        string? key = http.Request.Headers["Idempotency-Key"];
        if (RunRequests.KeyProblem(key) is { } bad) return new OpenAIRefusal(400, $"{bad.Title}: {bad.Detail}");

        var caller = Caller.Of(http);
        var (runId, part) = (Guid.Empty, 1);
        if (request.Answers.Count > 0) (runId, part, refusal) = await approvals.Give(request.Answers, caller, ct);
        else (runId, refusal) = await responses.Queue(request, key, HashOf(body), IsRepeated(http.Request), caller, ct);
        if (refusal is not null) return refusal;

        return request.IsStreamed
            ? writer.Stream(caller.Tenant, runId, part, after: -1, request.Include, ct)
            : await writer.Json(caller.Tenant, runId, part, request.Include, waits: !request.IsBackground, ct);
    }

    /// <summary>The address belongs to the request: the same key at another address is another request.</summary>
    static string HashOf(MemoryStream body) => NewRun.HashOf([.. "POST /v1/responses\n"u8, .. body.ToArray()]);

    static bool IsRepeated(HttpRequest request) => int.TryParse(request.Headers[RetryCount], out var before) && before > 0;
}
