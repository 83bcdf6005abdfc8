using Microsoft.AspNetCore.WebUtilities;

namespace Agents.Host.Http;

/// <summary>Gives every refusal below <c>/v1</c> OpenAI's shape, whether an endpoint, authentication or the framework refuses.</summary>
public sealed class ProblemShape : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => context.HttpContext.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal);

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        var status = problem.Status ?? context.HttpContext.Response.StatusCode;
        var (title, detail) = (problem.Title ?? ReasonPhrases.GetReasonPhrase(status), problem.Detail ?? Problems.DetailOf(status));
        var message = string.Join(": ", new[] { title, detail }.Where(text => !string.IsNullOrEmpty(text)));
        await new OpenAIRefusal(status, message).ExecuteAsync(context.HttpContext);
    }
}
