using Agents.Host.Platform;

namespace Agents.Host.Models;

/// <summary>Whose model answers.</summary>
public enum ModelProvider
{
    /// <summary>The extractive model inside this server: no key, no network, no cost.</summary>
    Offline,

    /// <summary>OpenAI, or any server that speaks its Chat Completions.</summary>
    OpenAI,

    /// <summary>Azure OpenAI.</summary>
    Azure,

    /// <summary>Anthropic's Messages.</summary>
    Anthropic,

    /// <summary>An Ollama server.</summary>
    Ollama,
}

/// <summary>Settings of section <c>Models</c>.</summary>
public sealed record ModelOptions
{
    const string OfflineModel = "offline-extractive-1";

    static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(1);
    static readonly TimeSpan LongestTimeout = TimeSpan.FromHours(1);

    static readonly WordSetting<ModelProvider> Whose = new("Models:Provider", ModelProvider.Offline);
    static readonly TextSetting Address = new(
        "Models:Endpoint", "the provider's own; Ollama `http://localhost:11434`; Azure none", "http or https address without a user name");
    static readonly TextSetting Secret = new("Models:ApiKey", "none", "the API key; needed for OpenAI, Azure and Anthropic");
    static readonly TextSetting Model = new(
        "Models:Default", $"`{OfflineModel}`, `gpt-4o-mini`, `claude-haiku-4-5`; Azure and Ollama none",
        "the model for agents and steps that name none");
    static readonly TextSetting LimitField = new(
        "Models:OutputLimitField", "found out by itself", $"`{Wire.OutputLimitField.Newer}`, `{Wire.OutputLimitField.Older}`");
    static readonly TimeSetting WholeCall = new("Models:CallTimeout", TimeSpan.FromSeconds(120), ShortestTimeout, LongestTimeout);
    static readonly TimeSetting FirstToken = new("Models:FirstTokenTimeout", TimeSpan.FromSeconds(60), ShortestTimeout, LongestTimeout);

    public static IReadOnlyList<Setting> Settings => [Whose, Address, Secret, Model, LimitField, WholeCall, FirstToken];

    public ModelProvider Provider { get; init; } = Whose.Default;

    /// <summary>The base address of the provider's API.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>A secret: sent to the provider and shown nowhere.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The model for agents and steps that name none. On Azure, the name of the deployment.</summary>
    public string Default { get; init; } = OfflineModel;

    /// <summary>
    /// The name under which OpenAI's, Azure's and compatible servers are sent the most tokens of a reply. Null finds out which one they take.
    /// </summary>
    public string? OutputLimitField { get; init; }

    /// <summary>From sending the request to the last token.</summary>
    public TimeSpan CallTimeout { get; init; } = WholeCall.Default;

    /// <summary>From sending the request to the first piece of the reply.</summary>
    public TimeSpan FirstTokenTimeout { get; init; } = FirstToken.Default;

    /// <exception cref="StartRefusedException">A value is missing or wrong; the message names the key, never a secret.</exception>
    public static ModelOptions From(IConfiguration configuration)
    {
        var provider = Whose.Read(configuration);
        var options = new ModelOptions
        {
            Provider = provider,
            Endpoint = EndpointOf(Address.Read(configuration), provider),
            ApiKey = ApiKeyOf(Secret.Read(configuration), provider),
            Default = Model.Read(configuration) ?? DefaultOf(provider),
            OutputLimitField = FieldOf(LimitField.Read(configuration)),
            CallTimeout = WholeCall.Read(configuration),
            FirstTokenTimeout = FirstToken.Read(configuration),
        };
        if (FirstToken.IsSet(configuration) && options.FirstTokenTimeout > options.CallTimeout)
            throw FirstToken.Refusal(
                $"is {options.FirstTokenTimeout}, longer than {WholeCall.Key}, which is {options.CallTimeout}: no call could ever reach it. Lower "
                + $"it, or raise {WholeCall.Key}.");
        return options;
    }

    /// <summary>The same with a shorter time for a call; a longer one changes nothing.</summary>
    public ModelOptions Within(TimeSpan? callTimeout) => callTimeout < CallTimeout ? this with { CallTimeout = callTimeout.Value } : this;

    /// <summary>Whose model answers to a name.</summary>
    /// <param name="model">As a step or an agent names it. Null means <see cref="Default"/>.</param>
    public ModelProvider ProviderOf(string? model) => Provider;

    /// <summary>The provider as facts and traces name it, such as <c>openai</c>.</summary>
    public string Name => Provider.ToString().ToLowerInvariant();

    /// <summary>What may be logged.</summary>
    public override string ToString() => Endpoint is null ? $"{Provider} {Default}" : $"{Provider} {Default} at {Endpoint.Host}";

    static Uri? EndpointOf(string? written, ModelProvider provider)
    {
        if (written is null)
            return provider switch
            {
                ModelProvider.Offline => null,
                ModelProvider.OpenAI => new("https://api.openai.com/v1"),
                ModelProvider.Anthropic => new("https://api.anthropic.com"),
                ModelProvider.Ollama => new("http://localhost:11434"),
                _ => throw Address.Refusal("is missing; for Azure it is the address of the resource, such as https://NAME.openai.azure.com."),
            };

        return Uri.TryCreate(written, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https" && endpoint.UserInfo == ""
            ? endpoint
            : throw Address.Refusal("must be an http or https address without a user name.");
    }

    static string? ApiKeyOf(string? written, ModelProvider provider)
    {
        if (written is null)
            return provider is ModelProvider.OpenAI or ModelProvider.Azure or ModelProvider.Anthropic
                ? throw Secret.Refusal($"is missing; {provider} needs a key.")
                : null;

        return written.All(character => character is > ' ' and < '\x7f')
            ? written
            : throw Secret.Refusal("has a character that no key has, such as a space inside.");
    }

    static string? FieldOf(string? written) => written is null or Wire.OutputLimitField.Newer or Wire.OutputLimitField.Older
        ? written
        : throw LimitField.Refusal($"is '{written}'; it must be {Wire.OutputLimitField.Newer} or {Wire.OutputLimitField.Older}.");

    static string DefaultOf(ModelProvider provider) => provider switch
    {
        ModelProvider.Offline => OfflineModel,
        ModelProvider.OpenAI => "gpt-4o-mini",
        ModelProvider.Anthropic => "claude-haiku-4-5",
        ModelProvider.Azure => throw Model.Refusal("is missing; name the deployment."),
        _ => throw Model.Refusal("is missing; name a pulled model."),
    };
}
