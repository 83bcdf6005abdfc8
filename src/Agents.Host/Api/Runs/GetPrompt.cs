using Agents.Host.Engine.Attempts;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>What a model was sent for one attempt of a call.</summary>
/// <param name="Version">Of the fact that stored the intent to send it.</param>
/// <param name="At">When that fact was stored, by the database's clock.</param>
/// <param name="Tools">The tools that the model was offered, by name.</param>
/// <param name="MaxOutputTokens">The most the reply might hold.</param>
/// <param name="RequestHash">SHA-256 of the request as the facts before it make it now, lower-case hex.</param>
/// <param name="StoredHash">The hash that was stored before the request was sent.</param>
/// <param name="IsAsSent">Both are the same: this is what was sent, to the letter.</param>
public sealed record PromptView(
    Guid Id, int Call, int Attempt, long Version, DateTimeOffset At, string Model, IReadOnlyList<MessageView> Messages, IReadOnlyList<string> Tools,
    int? MaxOutputTokens, string RequestHash, string StoredHash, bool IsAsSent);

/// <summary>
/// The request of a model call as it was sent, made up anew from the facts before it, and whether its hash is the one that was stored before it was sent.
/// </summary>
public static class GetPromptEndpoint
{
    public static ProblemDetails Validate(int call, [FromQuery] int? attempt) =>
        call < 1 || attempt < 1
            ? Refusals.Malformed("Bad call", "Model calls of a run, and attempts of a call, count from 1.")
            : WolverineContinue.NoProblems;

    [WolverineGet("/runs/{id}/calls/{call}/prompt"), Requires(Permissions.Read)]
    [ProducesResponseType<PromptView>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        Guid id, int call, [FromQuery] int? attempt, PastRuns runs, RunReader reader, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        if (await runs.Sent(tenant, id, call, attempt ?? 1, ct) is not { } sent)
            return await reader.Run(tenant, id, ct) is null
                ? RunProblems.NotFound(id)
                : Refusals.Unknown("Unknown call", $"The run has sent no attempt {attempt ?? 1} of a model call {call}.").Answer();

        var (request, hash) = (sent.Request, sent.Request.Hash());
        return Results.Ok(new PromptView(
            id, call, attempt ?? 1, sent.Version, sent.At, request.Options.ModelId!, [.. request.Messages.Select(StateViews.Of)],
            [.. request.Options.Tools?.Select(tool => tool.Name) ?? []], request.Options.MaxOutputTokens, hash, sent.Started.RequestHash,
            hash == sent.Started.RequestHash));
    }
}
