using Microsoft.AspNetCore.WebUtilities;

namespace Agents.Host.Http;

/// <summary>Whatever is refused below <c>/v1</c>, by whichever part of the server, has OpenAI's shape.</summary>
public sealed class ProblemShape : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => context.HttpContext.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal);

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        var status = problem.Status ?? context.HttpContext.Response.StatusCode;
        var message = string.Join(": ", new[] { problem.Title ?? ReasonPhrases.GetReasonPhrase(status), problem.Detail }.Where(text => !string.IsNullOrEmpty(text)));
        await new Refusal(status, message).ExecuteAsync(context.HttpContext);
    }
}
