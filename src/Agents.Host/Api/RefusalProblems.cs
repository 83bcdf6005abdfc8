using Agents.Host.Engine;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Api;

/// <summary>The engine's refusals as problem details.</summary>
static class RefusalProblems
{
    public static ProblemDetails Problem(this Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.Unknown => Refusals.Unknown(refusal.Title, refusal.Detail),
        RefusalKind.Conflict => Refusals.Conflict(refusal.Title, refusal.Detail),
        _ => Refusals.Malformed(refusal.Title, refusal.Detail),
    };

    public static IResult Answer(this Refusal refusal) => refusal.Problem().Answer();
}
