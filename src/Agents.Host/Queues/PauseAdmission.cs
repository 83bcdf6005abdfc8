using Agents.Domain.Runs;
using Agents.Host.Access;
using Agents.Host.Runs;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Queues;

/// <summary>Gives no run a slot any more: none at all, or none of a tenant or an agent, or none on a node. Runs that have one go on.</summary>
public static class PauseAdmissionEndpoint
{
    [WolverinePut("/pauses/{scope}"), ProducesResponseType<PauseView>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Put(ReasonRequest request, string scope, PauseStore pauses, HttpContext http, CancellationToken ct)
    {
        if (Scope.Parse(scope, PauseStore.Whole, PauseStore.Named, out var problem) is not { } parsed) return problem!;
        if (request.Reason?.Length > ChangeRun.ReasonCharacters) return RunProblems.BadReason(ChangeRun.ReasonCharacters);

        await pauses.Set(parsed, Sanitiser.Text(request.Reason ?? "", ChangeRun.ReasonCharacters), Caller.Of(http).Name, ct);
        return await pauses.List(parsed, ct) is [var pause] ? Results.Ok(pause) : PauseProblems.NotFound(parsed);
    }
}

/// <summary>All pauses of admission. Those of other tenants are shown to administrators only.</summary>
public static class ListPausesEndpoint
{
    [WolverineGet("/pauses"), ProducesResponseType<Page<PauseView>>(200)]
    public static async Task<IResult> Get(PauseStore pauses, HttpContext http, CancellationToken ct)
    {
        var own = new Scope("tenant", Caller.Of(http).Tenant).ToString();
        var seesAll = http.User.IsInRole(Roles.Admin);
        var all = await pauses.List(null, ct);
        return Results.Ok(new Page<PauseView>([.. all.Where(pause => seesAll || pause.Scope == own || !pause.Scope.StartsWith("tenant:", StringComparison.Ordinal))], null));
    }
}

/// <summary>Gives slots again where admission was paused.</summary>
public static class ResumeAdmissionEndpoint
{
    [WolverineDelete("/pauses/{scope}"), ProducesResponseType(204), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Delete(string scope, PauseStore pauses, CancellationToken ct)
    {
        if (Scope.Parse(scope, PauseStore.Whole, PauseStore.Named, out var problem) is not { } parsed) return problem!;
        return await pauses.Remove(parsed, ct) ? Results.NoContent() : PauseProblems.NotFound(parsed);
    }
}

static class PauseProblems
{
    public static IResult NotFound(Scope scope) => Results.Problem(statusCode: 404, title: "Not paused", detail: $"Admission is not paused for {scope}. GET /pauses lists where it is.");
}
