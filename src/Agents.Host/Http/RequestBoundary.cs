using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Http;

/// <summary>
/// What every request passes before its endpoint: an address whose text cannot be stored is refused, and so are a query parameter
/// that the endpoint does not know and a body that is not what it takes, with one kind of answer, whichever member is wrong and however. Endpoints
/// check the meaning of what comes through.
/// </summary>
public sealed class RequestBoundary(RequestDelegate next)
{
    /// <summary>Largest body, but for documents and the like: 1 MiB.</summary>
    public const int MostBytes = 1024 * 1024;

    public async Task Invoke(HttpContext http)
    {
        var problem = AddressProblem(http.Request) ?? QueryParameters.ProblemOf(http);
        if (problem is null && HasBodyToCheck(http)) problem = await BodyProblem(http);
        if (problem is null) await next(http);
        else await problem.Answer().ExecuteAsync(http);
    }

    static ProblemDetails? AddressProblem(HttpRequest request) =>
        IsStorable(request.Path.Value) && request.Query.All(one => IsStorable(one.Key) && one.Value.All(IsStorable))
            ? null
            : Refusals.Malformed("Bad address", "The address has a character that cannot be stored: NUL, or half a pair.");

    static bool IsStorable(string? text) => text is null || text == Sanitiser.Text(text, text.Length);

    static bool HasBodyToCheck(HttpContext http) =>
        http.GetEndpoint() is RouteEndpoint endpoint && endpoint.Metadata.GetMetadata<ReadsBodyItselfAttribute>() is null
            && !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method);

    /// <exception cref="JsonException">It is no JSON, or has a member of another type, named twice, unknown, or null where it must not be.</exception>
    static async Task<ProblemDetails?> BodyProblem(HttpContext http)
    {
        var body = await BodyText.Read(http.Request, MostBytes, http.RequestAborted);
        http.Request.Body = new MemoryStream(body.ToArray(), writable: false);
        http.Request.ContentLength = body.Length;

        var taken = http.GetEndpoint()!.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;
        if (body.Span.IndexOfAnyExcept(" \t\r\n"u8) < 0)
            return taken is null ? null : Refusals.Malformed("No body", "The request needs a body: a JSON object.");
        return IsNull(body, taken) ? Refusals.Malformed("No body", "The body is null; it must be a JSON object.") : null;
    }

    /// <param name="taken">What the endpoint takes. Null where it reads the JSON itself.</param>
    static bool IsNull(ReadOnlyMemory<byte> body, Type? taken)
    {
        if (taken is not null) return JsonSerializer.Deserialize(body.Span, taken, JsonFormat.Request) is null;
        using var json = JsonDocument.Parse(body, JsonFormat.Document);
        return json.RootElement.ValueKind is JsonValueKind.Null;
    }
}
