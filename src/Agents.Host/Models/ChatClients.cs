using System.ClientModel;
using System.ClientModel.Primitives;
using Agents.Host.Models.Offline;
using Anthropic;
using Azure.AI.OpenAI;
using Microsoft.Extensions.AI;
using OllamaSharp;
using OpenAI;

namespace Agents.Host.Models;

/// <summary>Makes the client for the configured provider.</summary>
public static class ChatClients
{
    // Ours are the only time limits; an SDK's own stays out of their way.
    static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    /// <summary>One client for the life of the server. It never retries and never runs a tool: every attempt and every tool call is a fact.</summary>
    public static IChatClient Create(ModelOptions options) => options.Provider switch
    {
        ModelProvider.Offline => new OfflineExtractiveModel(),
        ModelProvider.OpenAI => OpenAI(options),
        ModelProvider.Azure => Azure(options),
        ModelProvider.Anthropic => Anthropic(options),
        ModelProvider.Ollama => new OllamaApiClient(Http(options), options.Default),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Provider, "No such provider."),
    };

    static IChatClient OpenAI(ModelOptions options)
    {
        var settings = new OpenAIClientOptions { Endpoint = options.Endpoint };
        Configure(settings, options);
        return new OpenAIClient(new ApiKeyCredential(options.ApiKey!), settings).GetChatClient(options.Default).AsIChatClient();
    }

    static AzureDeployments Azure(ModelOptions options)
    {
        var settings = new AzureOpenAIClientOptions();
        Configure(settings, options);
        return new(new(options.Endpoint!, new ApiKeyCredential(options.ApiKey!), settings), options.Default);
    }

    // From its version 2026-10-21 on, which the SDK asks for, Anthropic's API refuses requests that choose a sampling.
    static IChatClient Anthropic(ModelOptions options) => new AnthropicClient
    {
        BaseUrl = options.Endpoint!.ToString().TrimEnd('/'),
        ApiKey = options.ApiKey,
        HttpClient = ProviderHttp.Client(options),
        MaxRetries = 0,
        Timeout = options.CallTimeout + Margin,
    }.AsIChatClient(options.Default, ModelLimits.AnthropicOutputTokens)
        .AsBuilder().ConfigureOptions(call => (call.Temperature, call.TopP, call.TopK) = (null, null, null)).Build();

    static void Configure(ClientPipelineOptions settings, ModelOptions options)
    {
        settings.Transport = new HttpClientPipelineTransport(ProviderHttp.Client(options));
        settings.RetryPolicy = new ClientRetryPolicy(maxRetries: 0);
        settings.NetworkTimeout = options.CallTimeout + Margin;
    }

    static HttpClient Http(ModelOptions options)
    {
        var http = ProviderHttp.Client(options);
        http.BaseAddress = options.Endpoint;
        return http;
    }
}
