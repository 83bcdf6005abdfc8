using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Costs;

/// <summary>A price list to publish.</summary>
/// <param name="List">In the format of <c>prices.json</c>; its version is new.</param>
/// <param name="From">When it comes into force. Null means now.</param>
/// <param name="Tenant">Whose contract it is. Null when it holds for all.</param>
/// <param name="Source">The file or page it came from, at most 500 characters.</param>
public sealed record PublishPricesRequest(JsonElement List, DateTimeOffset? From = null, string? Tenant = null, string? Source = null);

/// <summary>A list that was published.</summary>
public sealed record PublishedList(string Version);

/// <summary>Publishes a price list. It is never changed again; calls that were priced before keep their price.</summary>
public static class PublishPricesEndpoint
{
    const int SourceCharacters = 500;
    const int VersionCharacters = 100;

    public static ProblemDetails Validate(PublishPricesRequest request)
    {
        if (request.Tenant is { } tenant && !ApiKey.IsTenant(tenant))
            return Refusals.Malformed("Bad tenant", "A tenant has 1 to 64 of a-z, 0-9, dot, hyphen and underscore; null means all.");
        try
        {
            var list = PriceListFormat.Read(request.List.GetRawText());
            if (list.Version is not { Length: > 0 and <= VersionCharacters })
                return Refusals.Malformed("Bad price list", $"Its version has 1 to {VersionCharacters} characters.");
            return list.Entries.Count == 0 ? Refusals.Malformed("Bad price list", "It has no prices.") : WolverineContinue.NoProblems;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Refusals.Malformed("Bad price list", Sanitiser.Text(e.Message, SourceCharacters));
        }
    }

    [WolverinePost("/prices"), Requires(Permissions.Platform)]
    [ProducesResponseType<PublishedList>(200), ProducesResponseType<ProblemDetails>(400), ProducesResponseType<ProblemDetails>(409)]
    public static async Task<IResult> Post(PublishPricesRequest request, Prices prices, HttpContext http, CancellationToken ct) =>
        await prices.Publish(
            request.List.GetRawText(), request.From, request.Tenant, Sanitiser.Text(request.Source ?? "", SourceCharacters), Caller.Of(http).Actor,
            isShipped: false, ct)
            ? Results.Ok(new PublishedList(PriceListFormat.Read(request.List.GetRawText()).Version))
            : Refusals.Conflict(
                "Version published before", "A price list of this version is there. A published list is never changed; use a new version.").Answer();
}
