using System.Text.Json.Nodes;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Responses;

/// <summary>What a response was asked with: its messages, or the answers to approvals; the latest first unless <c>order=asc</c>.</summary>
public static class ListInputItemsEndpoint
{
    static readonly Paging Pages = new(Default: 20, Most: 100);

    [WolverineGet("/v1/responses/{id}/input_items"), Requires(Permissions.Read)]
    [ProducesResponseType(typeof(object), 200), ProducesResponseType(typeof(object), 404)]
    public static async Task<IResult> Get(
        string id, [FromQuery] int? limit, [FromQuery] string? order, [FromQuery] string? after, [FromQuery] string? before, ResponseReader responses,
        HttpContext http, CancellationToken ct)
    {
        if (Pages.LimitProblem(limit) is { } problem) return new OpenAIRefusal(400, problem, "limit", "invalid_value");
        if (order is not (null or "asc" or "desc")) return new OpenAIRefusal(400, "An order is asc or desc.", "order", "invalid_value");
        if (await responses.Find(Caller.Of(http).Tenant, id, default, ct) is not { } story) return OpenAIRefusal.UnknownResponse(id);

        var items = story.InputItems().ToList();
        if (order is not "asc") items.Reverse();
        if (after is not null) items = [.. items.SkipWhile(item => IdOf(item) != after).Skip(1)];
        if (before is not null) items = [.. items.TakeWhile(item => IdOf(item) != before)];
        var page = items.Take(Pages.Limit(limit)).ToList();
        return Results.Json(new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. page]),
            ["first_id"] = page.Count > 0 ? IdOf(page[0]) : null,
            ["last_id"] = page.Count > 0 ? IdOf(page[^1]) : null,
            ["has_more"] = page.Count < items.Count,
        }, JsonFormat.Api);
    }

    static string IdOf(JsonObject item) => item["id"]!.GetValue<string>();
}
