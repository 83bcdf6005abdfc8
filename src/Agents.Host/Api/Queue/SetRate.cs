using Agents.Domain.Runs;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Http;
using Agents.Host.Models;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Agents.Host.Api.Queue;

/// <param name="RequestsPerMinute">From 1 to 1,000,000,000; null for no limit.</param>
/// <param name="TokensPerMinute">Input and output together, from 1 to 1,000,000,000,000; null for no limit.</param>
public sealed record SetRateRequest(int? RequestsPerMinute = null, long? TokensPerMinute = null);

/// <summary>
/// Limits the calls of all nodes to a provider's model. What the provider tells may lower it, never raise it. Runs that wait try again at once.
/// </summary>
public static class SetRateEndpoint
{
    const int NameCharacters = 200;
    const int MostRequests = 1_000_000_000;
    const long MostTokens = 1_000_000_000_000;

    static readonly string[] Kinds = [.. Enum.GetNames<ModelProvider>().Select(name => name.ToLowerInvariant())];

    public static ProblemDetails Validate(SetRateRequest request, string provider, string model, ModelProviders providers)
    {
        string[] known = [.. Kinds.Union(providers.Names)];
        if (!known.Contains(provider)) return Refusals.Malformed("Unknown provider", $"A provider is one of: {string.Join(", ", known)}.");
        if (model.Length is 0 or > NameCharacters || string.IsNullOrWhiteSpace(model) || model != Sanitiser.Text(model, NameCharacters))
            return Refusals.Malformed("Bad model", $"A model's name has 1 to {NameCharacters} characters.");
        if (request is { RequestsPerMinute: null, TokensPerMinute: null })
            return Refusals.Malformed("No limit", "Say requestsPerMinute, tokensPerMinute or both. DELETE removes a limit.");
        if (request is { RequestsPerMinute: < 1 } or { TokensPerMinute: < 1 })
            return Refusals.Malformed("Bad limit", "A limit is at least 1 a minute. To let nothing through, pause admission.");
        return request is { RequestsPerMinute: > MostRequests } or { TokensPerMinute: > MostTokens }
            ? Refusals.Malformed(
                "Bad limit", FormattableString.Invariant($"A limit is at most {MostRequests:N0} requests and {MostTokens:N0} tokens a minute."))
            : WolverineContinue.NoProblems;
    }

    [WolverinePut("/rates/{provider}/{**model}"), Requires(Permissions.Platform)]
    [ProducesResponseType<RateView>(200), ProducesResponseType<ProblemDetails>(400)]
    public static async Task<IResult> Put(
        SetRateRequest request, string provider, string model, RateStore rates, RateLimits limits, ModelProviders providers, NodeSignals signals,
        HttpContext http, CancellationToken ct)
    {
        await rates.Set(provider, model, request.RequestsPerMinute, request.TokensPerMinute, Caller.Of(http).Actor, ct);
        limits.Forget(providers.Written(provider, model));
        signals.WakeAdmissionEverywhere();
        return await rates.List(provider, model, ct) is [var rate] ? Results.Ok(rate) : RateProblems.NotFound(); // removed meanwhile
    }
}
