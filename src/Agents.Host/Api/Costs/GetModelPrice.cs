using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Http;
using Agents.Host.Models;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Costs;

/// <summary>The price of a model: what the caller pays now.</summary>
/// <param name="Version">The list that says so.</param>
/// <param name="Entry">The name or pattern in it, with prices in US dollars per million tokens.</param>
public sealed record ModelPriceView(string Model, string Version, PriceListEntry Entry);

/// <summary>What a model costs the caller now, by <c>model</c> and, if need be, <c>tier</c>.</summary>
public static class GetModelPriceEndpoint
{
    const int NameCharacters = 200;

    [WolverineGet("/prices/model"), Requires(Permissions.Costs)]
    [ProducesResponseType<ModelPriceView>(200), ProducesResponseType<ProblemDetails>(404)]
    public static async Task<IResult> Get(
        [FromQuery] string? model, [FromQuery] string? tier, Prices prices, ModelProviders providers, HttpContext http, CancellationToken ct)
    {
        await prices.Book(ct);
        var list = await prices.InForce(Caller.Of(http).Tenant, ct);
        var (asked, name) = providers.Of(model ?? "");
        return model is not null && list.At(asked.Entry).Find(name, tier) is var (_, version, entry)
            ? Results.Ok(new ModelPriceView(model, version, entry))
            : Refusals.Unknown(
                "No price",
                $"No price list in force knows the model {(model is null ? "(none)" : $"\"{Sanitiser.Text(model, NameCharacters)}\"")}"
                + $"{(tier is null ? "" : $" in tier {Sanitiser.Text(tier, NameCharacters)}")}.").Answer();
    }
}
