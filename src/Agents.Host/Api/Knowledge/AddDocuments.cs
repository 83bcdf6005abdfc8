using Agents.Host.Http;
using Agents.Host.Knowledge;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Knowledge;

/// <summary>
/// Reads documents into the knowledge base: one as the raw body with <c>?source=name</c>, or several as files of a form. The same content again makes
/// no new version; what cannot be read is named with the reason, and the others are read all the same.
/// </summary>
public static class AddDocumentsEndpoint
{
    /// <summary>Above the largest document by what a form adds round it.</summary>
    const long RoomForForm = 1024 * 1024;

    [WolverinePost("/documents"), Requires(Permissions.Operate), ReadsBodyItself, TakesBody(null, TakesBodyAttribute.Form, TakesBodyAttribute.Binary)]
    [ProducesResponseType<Page<IngestedDocument>>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Post(HttpContext http, [FromQuery] string? source, Ingest ingest, KnowledgeLimits limits, CancellationToken ct)
    {
        var (tenant, by) = (Caller.Of(http).Tenant, Caller.Of(http).Actor);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
            bound.MaxRequestBodySize = limits.DocumentBytes + RoomForForm;

        if (http.Request.ContentType?.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase) is true)
        {
            if (await FormOf(http.Request, limits, ct) is not { } form)
                return Refusals.Malformed("Bad form", "The form ends in the middle of a part.").Answer();
            if (form.Files.Count == 0) return Refusals.Malformed("No file", "The form has no file.").Answer();

            var read = new List<IngestedDocument>();
            foreach (var file in form.Files)
            {
                await using var content = file.OpenReadStream();
                read.Add(await ingest.Document(tenant, file.FileName, file.ContentType, content, by, ct));
            }

            return Results.Ok(new Page<IngestedDocument>(read, null));
        }

        if (string.IsNullOrWhiteSpace(source)) return Refusals.Malformed("No source", "Name the document: ?source=guide/start.md").Answer();
        var mediaType = http.Request.HasFormContentType ? null : http.Request.ContentType; // what curl says when it is told nothing
        var one = await ingest.Document(tenant, source, mediaType, http.Request.Body, by, ct);
        return Results.Ok(new Page<IngestedDocument>([one], null));
    }

    /// <summary>Null when the form breaks off.</summary>
    static async Task<IFormCollection?> FormOf(HttpRequest request, KnowledgeLimits limits, CancellationToken ct)
    {
        try
        {
            return await request.ReadFormAsync(new FormOptions { MultipartBodyLengthLimit = limits.DocumentBytes }, ct);
        }
        catch (IOException broken) when (broken is not BadHttpRequestException)
        {
            return null;
        }
    }
}
