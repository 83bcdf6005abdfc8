using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Agents.Host.Models.Wire;

/// <summary>
/// The wish for usage at the end of a stream, <c>stream_options</c>, which some compatible servers refuse. They are asked without it from then on;
/// what their calls used is unknown, unless they tell it unasked.
/// </summary>
sealed class UsageWish : ILearnedField
{
    public const string Field = "stream_options";

    readonly ConcurrentDictionary<string, bool> refused = new(StringComparer.Ordinal);

    public async Task Write(HttpRequestMessage request, Exchange exchange, CancellationToken ct)
    {
        exchange.WishesUsage = !refused.ContainsKey(exchange.Model);
        if (exchange.WishesUsage || request.Content is not { } content) return;
        if (JsonNode.Parse(await content.ReadAsByteArrayAsync(ct)) is not JsonObject asked || !asked.Remove(Field)) return;

        request.Content = new StringContent(asked.ToJsonString(), MediaTypeHeaderValue.Parse("application/json"));
    }

    public string? Learn(Exchange exchange, HttpStatusCode status, string body)
    {
        if (!exchange.WishesUsage || !UnknownField.IsNamed(Field, status, body)) return null;

        refused.TryAdd(exchange.Model, true);
        return $"no {Field}";
    }
}
