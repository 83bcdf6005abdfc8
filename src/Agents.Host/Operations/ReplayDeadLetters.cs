using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Operations;

/// <summary>Messages that were given up, newest first. There should be none; each is an error to report.</summary>
public static class ListDeadLettersEndpoint
{
    const int DefaultLimit = 100;
    const int MostAtOnce = 1000;

    public static ProblemDetails Validate(int? limit) => limit is < 1 or > MostAtOnce
        ? new() { Status = 400, Title = "Bad limit", Detail = $"A limit is from 1 to {MostAtOnce:N0}." }
        : WolverineContinue.NoProblems;

    [WolverineGet("/dead-letters")]
    public static async Task<Page<DeadLetterView>> Get([FromQuery] int? limit, DeadLetters letters, HttpContext http, CancellationToken ct) =>
        new(await letters.List(Caller.Of(http).Tenant, null, limit ?? DefaultLimit, ct), null);
}

/// <param name="Letters">Messages that are sent again or thrown away.</param>
public sealed record ChangedLetters(int Letters);

/// <summary>Sends one message again that was given up. It does no harm twice: claims decide.</summary>
public static class ReplayDeadLetterEndpoint
{
    [WolverinePost("/dead-letters/{id}/replay"), ProducesResponseType<ChangedLetters>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Post(Guid id, DeadLetters letters, HttpContext http, CancellationToken ct) =>
        await letters.List(Caller.Of(http).Tenant, id, 1, ct) is [_]
            ? Results.Ok(new ChangedLetters(await letters.Replay([id], ct)))
            : DeadLetterProblems.NotFound(id);
}

/// <summary>Sends all messages of the tenant again that were given up, at most 1,000 at once.</summary>
public static class ReplayDeadLettersEndpoint
{
    const int MostAtOnce = 1000;

    [WolverinePost("/dead-letters/replay")]
    public static async Task<ChangedLetters> Post(DeadLetters letters, HttpContext http, CancellationToken ct)
    {
        var all = await letters.List(Caller.Of(http).Tenant, null, MostAtOnce, ct);
        return new(await letters.Replay([.. all.Select(letter => letter.Id)], ct));
    }
}

/// <summary>Throws a message away. Its run is not touched: the watchdog sends the run's work again for as long as it is owed.</summary>
public static class DiscardDeadLetterEndpoint
{
    [WolverineDelete("/dead-letters/{id}"), ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(Guid id, DeadLetters letters, HttpContext http, CancellationToken ct)
    {
        if (await letters.List(Caller.Of(http).Tenant, id, 1, ct) is not [_]) return DeadLetterProblems.NotFound(id);

        await letters.Discard([id], ct);
        return Results.NoContent();
    }
}

static class DeadLetterProblems
{
    public static IResult NotFound(Guid id) => Results.Problem(statusCode: 404, title: "Unknown dead letter", detail: $"There is no dead letter {id}. GET /dead-letters lists all.");
}
