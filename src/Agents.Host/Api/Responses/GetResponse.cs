using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Responses;

/// <summary>
/// A response as it is now, or with <c>?stream=true</c> its events after <c>starting_after</c> (or <c>Last-Event-ID</c>), then live: at any time, on
/// any node.
/// </summary>
public static class GetResponseEndpoint
{
    [WolverineGet("/v1/responses/{id}"), Requires(Permissions.Read), StaysOpen, ReadsQuery("include", "include[]", "include_obfuscation")]
    [ProducesResponseType(typeof(object), 200), ProducesResponseType(typeof(object), 404)]
    public static async Task<IResult> Get(
        string id, [FromQuery] bool? stream, [FromQuery(Name = "starting_after")] long? startingAfter, ResponseReader responses,
        ResponseWriter writer,
        HttpContext http, CancellationToken ct)
    {
        var names = Include.NamesIn(http.Request.Query);
        if (Include.Unknown(names) is { } unknown) return new OpenAIRefusal(400, $"Cannot include '{unknown}'.", "include", "unsupported_value");

        var (tenant, include) = (Caller.Of(http).Tenant, Include.Of(names));
        if (await responses.Find(tenant, id, include, ct) is not { } story || !ResponseIds.TryParse(id, out var runId, out var part))
            return OpenAIRefusal.UnknownResponse(id);
        if (stream is not true) return ResponseWriter.Json(story);

        var after = startingAfter ?? (long.TryParse(http.Request.Headers["Last-Event-ID"], out var last) ? last : -1);
        return writer.Stream(tenant, runId, part, after, include, ct);
    }
}
