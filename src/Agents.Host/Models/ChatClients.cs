using System.ClientModel;
using System.ClientModel.Primitives;
using Agents.Host.Models.Offline;
using Agents.Host.Models.Wire;
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
    public static IChatClient Create(ModelOptions options) => options.KeyFile is null ? Fixed(options) : new RenewedClient(options, Fixed);

    static IChatClient Fixed(ModelOptions options) => options.Provider switch
    {
        ModelProvider.Offline => new OfflineExtractiveModel(),
        ModelProvider.OpenAI => OpenAI(options),
        ModelProvider.Azure => Azure(options),
        ModelProvider.Anthropic => new ProviderClient(Anthropic(options), options),
        ModelProvider.Ollama => new ProviderClient(OllamaForm.Of(new OllamaApiClient(Http(options), options.Default)), options),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Provider, "No such provider."),
    };

    static ProviderClient OpenAI(ModelOptions options)
    {
        var (settings, field) = (new OpenAIClientOptions { Endpoint = options.Endpoint }, new OutputLimitField(options.OutputLimitField));
        Configure(settings, options, field);
        var client = new OpenAIClient(new ApiKeyCredential(options.ApiKey!), settings).GetChatClient(options.Default).AsIChatClient();
        return new(new OpenAIForm(client), options, field);
    }

    static ProviderClient Azure(ModelOptions options)
    {
        var (settings, field) = (new AzureOpenAIClientOptions(), new OutputLimitField(options.OutputLimitField));
        Configure(settings, options, field);
        var deployments = new AzureDeployments(new(options.Endpoint!, new ApiKeyCredential(options.ApiKey!), settings), options.Default);
        return new(new OpenAIForm(deployments), options, field);
    }

    static AnthropicForm Anthropic(ModelOptions options) => new(new AnthropicClient
    {
        BaseUrl = options.Endpoint!.ToString().TrimEnd('/'),
        ApiKey = options.ApiKey,
        HttpClient = ProviderHttp.Client(options),
        MaxRetries = 0,
        Timeout = options.CallTimeout + Margin,
    }.AsIChatClient(options.Default, ModelLimits.AnthropicOutputTokens), options.Default);

    static void Configure(ClientPipelineOptions settings, ModelOptions options, OutputLimitField field)
    {
        settings.Transport = new HttpClientPipelineTransport(ProviderHttp.Client(options, field, new UsageWish()));
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
