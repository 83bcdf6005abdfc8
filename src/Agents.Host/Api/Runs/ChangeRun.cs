using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Platform;
using Marten;
using Wolverine;

namespace Agents.Host.Api.Runs;

/// <summary>Why the caller pauses, resumes or cancels a run.</summary>
/// <param name="Reason">At most 500 characters; may be left out, with the whole body.</param>
public sealed record ReasonRequest(string? Reason = null);

/// <summary>What every command of a person on a run does: it refuses where the run does not fit, decides, and stores.</summary>
public static class ChangeRun
{
    /// <param name="fits">Whether the command fits the run as it is; if not, 409 says what would.</param>
    public static async Task<(IResult, OutgoingMessages)> Apply(
        Guid id, HttpContext http, IDocumentSession session, Definitions definitions,
        Func<Run, bool> fits, string wanted, Func<Run, AgentDefinition, string, Decision> decide, CancellationToken ct)
    {
        var reason = await ReasonOf(http.Request, ct);
        if (reason.Length > TextBounds.ReasonCharacters) return (RunProblems.BadReason(TextBounds.ReasonCharacters), []);

        Run? refused = null;
        var decision = await session.Decide(id, definitions, (run, agent) =>
        {
            if (fits(run)) return decide(run, agent, Sanitiser.Text(reason, TextBounds.ReasonCharacters));
            refused = run;
            return Decision.On(run, agent);
        }, ct);

        if (decision is null) return (RunProblems.NotFound(id), []);
        if (refused is not null) return (RunProblems.WrongStatus(refused, wanted), []);
        return (Results.Ok(new RunState(id, decision.Run.Status.ToString().ToLowerInvariant())), decision.Messages());
    }

    /// <summary>Empty when there is no body: the caller may leave out the reason, and the body with it.</summary>
    static async Task<string> ReasonOf(HttpRequest request, CancellationToken ct)
    {
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync(ct);
        return string.IsNullOrWhiteSpace(body) ? "" : JsonSerializer.Deserialize<ReasonRequest>(body, JsonFormat.Api)?.Reason ?? "";
    }
}

/// <summary>A run's status after a command.</summary>
public sealed record RunState(Guid Id, string Status);
