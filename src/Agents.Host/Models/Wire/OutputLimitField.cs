using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Agents.Host.Models.Wire;

/// <summary>
/// The name under which a server takes the most tokens of a reply: OpenAI's <c>max_completion_tokens</c>, or <c>max_tokens</c>, the only one that
/// many compatible servers know. Without a setting it is found out, for each model, by a refusal, or by a reply that is longer than it may be.
/// </summary>
/// <param name="setting">The name for all models. Null finds it out.</param>
sealed class OutputLimitField(string? setting) : ILearnedField
{
    public const string Newer = "max_completion_tokens";
    public const string Older = "max_tokens";

    readonly ConcurrentDictionary<string, string> found = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task Write(HttpRequestMessage request, Exchange exchange, CancellationToken ct)
    {
        if (request.Content is not { } content) return;

        var body = await content.ReadAsByteArrayAsync(ct);
        exchange.LimitField = Holds(body, Newer) ? Newer : Holds(body, Older) ? Older : null;
        var wanted = setting ?? found.GetValueOrDefault(exchange.Model);
        if (wanted is null || exchange.LimitField is not { } written || wanted == written || JsonNode.Parse(body) is not JsonObject asked) return;

        asked[wanted] = asked[written]?.DeepClone();
        asked.Remove(written);
        exchange.LimitField = wanted;
        request.Content = new StringContent(asked.ToJsonString(), MediaTypeHeaderValue.Parse("application/json"));
    }

    /// <returns>The name that the next request will have. Of calls made side by side each learns it.</returns>
    public string? Learn(Exchange exchange, HttpStatusCode status, string body)
    {
        if (setting is not null || exchange.LimitField is not { } sent || !UnknownField.IsNamed(sent, status, body)) return null;
        var taken = found.GetOrAdd(exchange.Model, sent == Newer ? Older : Newer);
        return taken == sent ? null : taken;
    }

    /// <summary>The server counted more tokens in its reply than the request allowed: it did not know the name.</summary>
    public void WasIgnored(Exchange exchange)
    {
        if (setting is null && exchange.LimitField is Newer) found.TryAdd(exchange.Model, Older);
    }

    /// <summary>Within a text of JSON the quotes around a name are escaped, so only a member fits.</summary>
    static bool Holds(ReadOnlySpan<byte> body, string name) => body.IndexOf(Encoding.UTF8.GetBytes($"\"{name}\":")) >= 0;
}
