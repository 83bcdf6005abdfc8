namespace Agents.Host.Models.Wire;

/// <summary>One request and its reply: what the HTTP layer is told of the call, and what it hands on past the SDK that sent it.</summary>
sealed class Exchange : IDisposable
{
    static readonly AsyncLocal<Exchange?> Flowing = new();

    Exchange(string model) => Model = model;

    /// <summary>That of this asynchronous flow. Null when the request is not made by <see cref="ProviderClient"/>.</summary>
    public static Exchange? Current => Flowing.Value;

    /// <summary>The model asked for.</summary>
    public string Model { get; }

    /// <summary>The name under which the request bounds the output. Null when it has no bound.</summary>
    public string? LimitField { get; set; }

    /// <summary>Whether the request asks for usage at the end of the stream, where its format lets it ask.</summary>
    public bool WishesUsage { get; set; }

    /// <summary>Null until it has come.</summary>
    public HttpResponseMessage? Reply { get; private set; }

    /// <summary>The requests that this asynchronous flow sends from now on belong to it.</summary>
    public static Exchange Begin(string model) => Flowing.Value = new(model);

    /// <summary>Keeps the reply. The SDK gets an empty one: none of them takes all that servers send.</summary>
    public HttpResponseMessage Take(HttpResponseMessage reply)
    {
        Reply = reply;
        var nothing = new StringContent("");
        nothing.Headers.ContentType = reply.Content.Headers.ContentType;
        return new(reply.StatusCode) { RequestMessage = reply.RequestMessage, Version = reply.Version, Content = nothing };
    }

    public void Dispose() => Reply?.Dispose();
}
