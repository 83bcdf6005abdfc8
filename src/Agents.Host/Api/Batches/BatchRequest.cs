using System.Text.Json;
using System.Text.Json.Serialization;
using Agents.Host.Engine.Requests;
using Agents.Host.Http;
using Agents.Host.Platform;
using Microsoft.AspNetCore.Http.Features;

namespace Agents.Host.Api.Batches;

/// <summary>Many runs asked for at once.</summary>
/// <param name="Items">1 to 1,000, each as for <c>POST /runs</c>, with a key of its own where it has one, and without a thread.</param>
/// <param name="AllOrNothing">One bad item refuses them all. False when nothing is said: the good ones are queued.</param>
public sealed record QueueBatchRequest(IReadOnlyList<JsonElement>? Items = null, bool AllOrNothing = false)
{
    public const int MostItems = 1000;

    /// <summary>Largest body: 32 MiB, above the largest batch there can be.</summary>
    const int Bytes = 32 * 1024 * 1024;

    /// <summary>Read by hand, because it may be larger than other requests.</summary>
    /// <exception cref="JsonException">It is not what was expected.</exception>
    public static async Task<(QueueBatchRequest Request, string Hash)> Read(HttpContext http, CancellationToken ct)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound) bound.MaxRequestBodySize = Bytes;
        var body = await BodyText.Read(http.Request, Bytes, ct);
        return (Parse(body.Span), NewRun.HashOf(body.Span));
    }

    /// <summary>The items are counted before any is made: millions fit into a body, and each takes some hundred bytes.</summary>
    /// <returns>Of too many items, none: <see cref="HasTooMany"/>.</returns>
    /// <exception cref="JsonException">It is not what was expected.</exception>
    public static QueueBatchRequest Parse(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = JsonFormat.Depth });
        var items = 0;
        while (reader.Read())
        {
            if (reader is { CurrentDepth: 1, TokenType: JsonTokenType.StartArray }) items = 0;
            var isValue = reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndArray or JsonTokenType.EndObject);
            if (reader.CurrentDepth == 2 && isValue && ++items > MostItems) return new() { HasTooMany = true };
        }

        return JsonSerializer.Deserialize<QueueBatchRequest>(body, JsonFormat.Request) ?? new();
    }

    /// <summary>It has more than <see cref="MostItems"/>.</summary>
    [JsonIgnore]
    public bool HasTooMany { get; private init; }

    /// <summary>An item, or what is wrong with its JSON.</summary>
    public static (QueueRunRequest? Request, BatchProblem? Problem) Item(JsonElement item)
    {
        try
        {
            return item.ValueKind is JsonValueKind.Object && item.Deserialize<QueueRunRequest>(JsonFormat.Request) is { } request
                ? (request, null)
                : (null, new(400, "Malformed item", "An item is an object such as {\"agent\": \"research\", \"question\": \"Why?\"}."));
        }
        catch (JsonException malformed)
        {
            return (null, new(400, "Malformed item", $"It is not what POST /runs takes, at {malformed.Path ?? "$"}."));
        }
    }
}
