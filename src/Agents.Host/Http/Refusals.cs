using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Http;

/// <summary>
/// Refusals as problem details, with a title that the caller can act on. Below <c>/v1</c> an <see cref="OpenAIRefusal"/> takes their place.
/// </summary>
public static class Refusals
{
    /// <summary>400: the request is not what the endpoint takes.</summary>
    public static ProblemDetails Malformed(string title, string detail) => Of(StatusCodes.Status400BadRequest, title, detail);

    /// <summary>404: what the request names is not there, or belongs to another tenant.</summary>
    public static ProblemDetails Unknown(string title, string detail) => Of(StatusCodes.Status404NotFound, title, detail);

    /// <summary>409: the request does not fit what it names as that is now.</summary>
    public static ProblemDetails Conflict(string title, string detail) => Of(StatusCodes.Status409Conflict, title, detail);

    public static ProblemDetails Of(int status, string title, string detail) => new() { Status = status, Title = title, Detail = detail };

    /// <summary>The answer of an endpoint that refuses.</summary>
    public static IResult Answer(this ProblemDetails problem) => Results.Problem(problem);
}
