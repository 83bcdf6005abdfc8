using System.Text.Json;
using Agents.Host.Models;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

/// <summary>Calls through a provider's real SDK.</summary>
static class ModelCalls
{
    public const string Key = "canary-0123456789abcdef";

    static readonly AIFunctionDeclaration Search = AIFunctionFactory.CreateDeclaration("search_documents", "Finds passages.",
        JsonDocument.Parse("""{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}""").RootElement);

    public static Task<ModelOutcome> Call(
        ModelProvider provider, FakeProvider fake, IReadOnlyList<ChatMessage>? messages = null, Action<string>? onDelta = null,
        double callTimeout = 60, double firstToken = 60, string? model = null, CancellationToken ct = default) =>
        Call(provider, fake.Address, messages, onDelta, callTimeout, firstToken, model, ct);

    public static Task<ModelOutcome> Call(
        ModelProvider provider, Uri address, IReadOnlyList<ChatMessage>? messages = null, Action<string>? onDelta = null,
        double callTimeout = 60, double firstToken = 60, string? model = null, CancellationToken ct = default)
    {
        var options = Options(provider, address, callTimeout, firstToken);
        return ModelCall.Run(
            ChatClients.Create(options), messages ?? [new(ChatRole.System, "Be brief."), new(ChatRole.User, "Hello")],
            new() { ModelId = model, Tools = [Search] }, options, onDelta, ct);
    }

    public static ModelOptions Options(ModelProvider provider, Uri address, double callTimeout = 60, double firstToken = 60) => new()
    {
        Provider = provider,
        Endpoint = provider == ModelProvider.OpenAI ? new(address, "/v1") : address,
        ApiKey = Key,
        Default = "the-model",
        CallTimeout = TimeSpan.FromSeconds(callTimeout),
        FirstTokenTimeout = TimeSpan.FromSeconds(firstToken),
    };
}
