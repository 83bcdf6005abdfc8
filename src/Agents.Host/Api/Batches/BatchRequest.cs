using System.Text.Json;
using Agents.Host.Engine.Requests;
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
    const long Bytes = 32 * 1024 * 1024;

    /// <summary>Read by hand, because it may be larger than other requests.</summary>
    /// <exception cref="JsonException">It is not what was expected.</exception>
    public static async Task<(QueueBatchRequest Request, string Hash)> Read(HttpContext http, CancellationToken ct)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound) bound.MaxRequestBodySize = Bytes;
        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, ct);
        var request = JsonSerializer.Deserialize<QueueBatchRequest>(body.GetBuffer().AsSpan(0, (int)body.Length), JsonFormat.Api) ?? new();
        return (request, NewRun.HashOf(body.GetBuffer().AsSpan(0, (int)body.Length)));
    }

    /// <summary>An item, or what is wrong with its JSON.</summary>
    public static (QueueRunRequest? Request, BatchProblem? Problem) Item(JsonElement item)
    {
        try
        {
            return item.ValueKind is JsonValueKind.Object && item.Deserialize<QueueRunRequest>(JsonFormat.Api) is { } request
                ? (request, null)
                : (null, new(400, "Malformed item", "An item is an object such as {\"agent\": \"research\", \"question\": \"Why?\"}."));
        }
        catch (JsonException malformed)
        {
            return (null, new(400, "Malformed item", $"It is not what POST /runs takes, at {malformed.Path ?? "$"}."));
        }
    }
}
