using Agents.Domain.Runs;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Runs;

/// <summary>One of two runs that are compared.</summary>
/// <param name="NewSpendUsd">US dollars that it has spent itself.</param>
/// <param name="InheritedSpendUsd">US dollars that the history it continues had cost; 0 when it started fresh.</param>
/// <param name="DurationSeconds">From being queued to its end. Null while it has not ended.</param>
public sealed record ComparedRun(
    Guid Id, string Agent, int AgentVersion, string Model, string Status, string Question, string? Answer, int ModelCalls, decimal? NewSpendUsd,
    decimal? InheritedSpendUsd, int UnpricedCalls, double? DurationSeconds);

/// <summary>Two runs beside each other.</summary>
/// <param name="CostUsd">US dollars that the second has spent more, or, when negative, less; of priced calls.</param>
/// <param name="Difference">Of their answers, a first. Null unless both have one.</param>
public sealed record RunComparison(ComparedRun A, ComparedRun B, decimal? CostUsd, AnswerComparison? Difference);

/// <summary>Two runs beside each other: what they answered, on what grounds, and what each has cost. Asks no model.</summary>
public static class CompareRunsEndpoint
{
    public static ProblemDetails Validate([FromQuery] Guid? a, [FromQuery] Guid? b) => a is null || b is null
        ? Refusals.Malformed("Name two runs", "Pass two runs as a and b.")
        : WolverineContinue.NoProblems;

    [WolverineGet("/runs/compare"), Requires(Permissions.Read)]
    [ProducesResponseType<RunComparison>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get([FromQuery] Guid? a, [FromQuery] Guid? b, RunReader runs, HttpContext http, CancellationToken ct)
    {
        var tenant = Caller.Of(http).Tenant;
        if (await runs.Run(tenant, a!.Value, ct) is not { } first) return RunProblems.NotFound(a.Value);
        if (await runs.Run(tenant, b!.Value, ct) is not { } second) return RunProblems.NotFound(b.Value);

        return Results.Ok(new RunComparison(
            Of(first), Of(second), second.CostUsd - first.CostUsd,
            first.Answer is not null && second.Answer is not null
                ? AnswerComparison.Of(first.Answer, Cited(first), second.Answer, Cited(second))
                : null));
    }

    static ComparedRun Of(RunView run) => new(
        run.Id, run.Agent, run.AgentVersion, run.Model, run.Status, run.Question, run.Answer, run.ModelCalls, run.CostUsd, run.InheritedUsd ?? 0,
        run.UnpricedCalls, run.DurationSeconds);

    static IEnumerable<Citation> Cited(RunView run) =>
        run.Citations is { } citations ? System.Text.Json.JsonSerializer.Deserialize<List<Citation>>(citations, JsonFormat.Api)! : [];
}
