using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Agents.Host.Models;
using Agents.Host.Models.Offline;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests;

/// <summary>A text that comes in pieces: texts, things to wait for in between, and exceptions that cut it off.</summary>
public sealed record Spoken(params object[] Pieces)
{
    /// <summary>It ends because it may hold no more.</summary>
    public bool IsCut { get; init; }
}

/// <summary>
/// Answers the calls of a run whose question has a script, line by line; a line may be a text, pieces of one, tool requests, an exception to throw,
/// or something to wait for. Questions without a script are answered offline. Tests share it, so each uses a question of its own.
/// </summary>
public sealed class ScriptedModel : IChatClient
{
    readonly OfflineExtractiveModel offline = new();
    readonly ConcurrentDictionary<string, ConcurrentQueue<object>> scripts = new();
    readonly ConcurrentDictionary<string, ConcurrentQueue<IReadOnlyList<ChatMessage>>> asked = new();
    readonly ConcurrentDictionary<string, ConcurrentQueue<ChatOptions?>> options = new();

    /// <summary>The price list knows this model: $0.15 and $0.60 per million tokens.</summary>
    public const string Priced = "gpt-4o-mini";

    public ScriptedModel Says(string question, params object[] lines)
    {
        var script = scripts.GetOrAdd(question, _ => new());
        foreach (var line in lines) script.Enqueue(line);
        return this;
    }

    /// <summary>The options it was asked with, call by call.</summary>
    public IReadOnlyList<ChatOptions?> Options(string question) => [.. options.GetValueOrDefault(question) ?? []];

    /// <summary>What the model was sent for a question, call by call.</summary>
    public IReadOnlyList<IReadOnlyList<ChatMessage>> Asked(string question) => [.. asked.GetValueOrDefault(question) ?? []];

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var said = messages.ToList();
        var question = said.First(message => message.Role == ChatRole.User
            && message.AdditionalProperties?.ContainsKey(ModelRequest.EarlierProperty) is not true).Text;
        asked.GetOrAdd(question, _ => new()).Enqueue(said);
        this.options.GetOrAdd(question, _ => new()).Enqueue(options);
        if (!scripts.TryGetValue(question, out var script))
        {
            await foreach (var update in offline.GetStreamingResponseAsync(said, options, cancellationToken)) yield return update;
            yield break;
        }

        if (!script.TryDequeue(out var line)) throw new HttpRequestException("The script is over.", null, HttpStatusCode.BadRequest);
        if (line is Task wait)
        {
            await wait.WaitAsync(cancellationToken);
            if (!script.TryDequeue(out line)) throw new HttpRequestException("The script is over.", null, HttpStatusCode.BadRequest);
        }

        if (line is Exception failure) throw failure;

        if (line is Spoken spoken)
        {
            foreach (var piece in spoken.Pieces)
            {
                if (piece is Task gate) await gate.WaitAsync(cancellationToken);
                else if (piece is Exception cut) throw cut;
                else yield return new(ChatRole.Assistant, [new TextContent((string)piece)]) { ModelId = Priced, ResponseId = "reply" };
            }
        }

        IList<AIContent> contents = line switch
        {
            string text => [new TextContent(text)],
            Spoken => [],
            (string tool, object arguments) => [Ask(tool, arguments)],
            (string, object)[] several => [.. several.Select(one => Ask(one.Item1, one.Item2))],
            _ => throw new InvalidOperationException(line.GetType().Name),
        };
        yield return new(ChatRole.Assistant, contents) { ModelId = Priced, ResponseId = "reply" };
        yield return new(ChatRole.Assistant, [new UsageContent(new() { InputTokenCount = 1000, OutputTokenCount = 100, TotalTokenCount = 1100 })])
        {
            ModelId = Priced, FinishReason = line is Spoken { IsCut: true } ? ChatFinishReason.Length : ChatFinishReason.Stop,
        };
    }

    static FunctionCallContent Ask(string tool, object arguments) =>
        new("call", tool, JsonSerializer.Deserialize<Dictionary<string, object?>>(JsonSerializer.Serialize(arguments)));

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
