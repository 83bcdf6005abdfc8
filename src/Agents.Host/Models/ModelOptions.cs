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

/// <summary>Settings of section <c>Models</c>, or of a named entry in <c>Models:Providers</c>, which has the same.</summary>
public sealed record ModelOptions
{
    const string OfflineModel = "offline-extractive-1";

    static readonly Uri OpenAIAddress = new("https://api.openai.com/v1");

    static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(1);
    static readonly TimeSpan LongestTimeout = TimeSpan.FromHours(1);

    static readonly WordSetting<ModelProvider> Whose = new("Models:Provider", ModelProvider.Offline);
    static readonly TextSetting Address = new(
        "Models:Endpoint", "the provider's own; Ollama `http://localhost:11434`; Azure none", "http or https address without a user name");
    static readonly TextSetting Secret = new("Models:ApiKey", "none", "the API key; needed for OpenAI, Azure and Anthropic");
    static readonly TextSetting SecretFile = new("Models:ApiKeyFile", "none", "a file that holds the API key, in place of `Models:ApiKey`");
    static readonly TextSetting Model = new(
        "Models:Default", $"`{OfflineModel}`, `gpt-4o-mini`, `claude-haiku-4-5`; Azure and Ollama none",
        "the model for agents and steps that name none");
    static readonly TextSetting LimitField = new(
        "Models:OutputLimitField", "found out by itself", $"`{Wire.OutputLimitField.Newer}`, `{Wire.OutputLimitField.Older}`");
    static readonly TimeSetting WholeCall = new("Models:CallTimeout", TimeSpan.FromSeconds(120), ShortestTimeout, LongestTimeout);
    static readonly TimeSetting FirstToken = new("Models:FirstTokenTimeout", TimeSpan.FromSeconds(60), ShortestTimeout, LongestTimeout);

    public static IReadOnlyList<Setting> Settings => [Whose, Address, Secret, SecretFile, Model, LimitField, WholeCall, FirstToken];

    /// <summary>The name of the entry. Null for section <c>Models</c> itself.</summary>
    public string? Entry { get; init; }

    public ModelProvider Provider { get; init; } = Whose.Default;

    /// <summary>The base address of the provider's API.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>A secret: sent to the provider and shown nowhere.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The file that <see cref="ApiKey"/> was read from. Null when the setting has the key itself.</summary>
    public KeyFile? KeyFile { get; init; }

    /// <summary>The model for agents and steps that name none; of a named entry, only shown. On Azure, the name of the deployment.</summary>
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
    /// <param name="entry">The name of an entry in <c>Models:Providers</c>. Null for section <c>Models</c> itself.</param>
    public static ModelOptions From(IConfiguration configuration, string? entry = null)
    {
        var (address, wholeCall, firstToken) = (Address.In(entry), WholeCall.In(entry), FirstToken.In(entry));
        var provider = Whose.In(entry).Read(configuration);
        var file = KeyFileOf(SecretFile.In(entry), Secret.In(entry), configuration);
        var options = new ModelOptions
        {
            Entry = entry,
            Provider = provider,
            Endpoint = EndpointOf(address, configuration, provider),
            ApiKey = file?.Current() ?? ApiKeyOf(Secret.In(entry), configuration, provider),
            KeyFile = file,
            Default = Model.In(entry).Read(configuration) ?? DefaultOf(Model.In(entry), provider),
            OutputLimitField = FieldOf(LimitField.In(entry), configuration),
            CallTimeout = wholeCall.Read(configuration),
            FirstTokenTimeout = firstToken.Read(configuration),
        };
        if (firstToken.IsSet(configuration) && options.FirstTokenTimeout > options.CallTimeout)
            throw firstToken.Refusal(
                $"is {options.FirstTokenTimeout}, longer than {wholeCall.Key}, which is {options.CallTimeout}: no call could ever reach it. Lower "
                + $"it, or raise {wholeCall.Key}.");
        return options;
    }

    /// <summary>The same with the key that is in its file now.</summary>
    public ModelOptions WithCurrentKey() => KeyFile?.Current() is { } key && key != ApiKey ? this with { ApiKey = key } : this;

    /// <summary>Whether the provider may have models with a slash in their names.</summary>
    public bool MayHaveSlashes() => Provider is ModelProvider.Ollama || Provider is ModelProvider.OpenAI && Endpoint?.Host != OpenAIAddress.Host;

    /// <summary>Whether a text can be sent as a key: no spaces, no letters beyond ASCII.</summary>
    public static bool MayBeKey(string text) => text.All(character => character is > ' ' and < '\x7f');

    /// <summary>The same with a shorter time for a call; a longer one changes nothing.</summary>
    public ModelOptions Within(TimeSpan? callTimeout) => callTimeout < CallTimeout ? this with { CallTimeout = callTimeout.Value } : this;

    /// <summary>The provider as facts, rates and traces name it: by its entry, else such as <c>openai</c>.</summary>
    public string Name => Entry ?? Provider.ToString().ToLowerInvariant();

    /// <summary>What may be logged.</summary>
    public override string ToString() => Endpoint is null ? $"{Prefix}{Provider} {Default}" : $"{Prefix}{Provider} {Default} at {Endpoint.Host}";

    string Prefix => Entry is null ? "" : $"{Entry}: ";

    static Uri? EndpointOf(TextSetting address, IConfiguration configuration, ModelProvider provider)
    {
        if (address.Read(configuration) is not { } written)
            return provider switch
            {
                ModelProvider.Offline => null,
                ModelProvider.OpenAI => OpenAIAddress,
                ModelProvider.Anthropic => new("https://api.anthropic.com"),
                ModelProvider.Ollama => new("http://localhost:11434"),
                _ => throw address.Refusal("is missing; for Azure it is the address of the resource, such as https://NAME.openai.azure.com."),
            };

        return Uri.TryCreate(written, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https" && endpoint.UserInfo == ""
            ? endpoint
            : throw address.Refusal("must be an http or https address without a user name.");
    }

    static KeyFile? KeyFileOf(TextSetting setting, TextSetting secret, IConfiguration configuration)
    {
        if (setting.Read(configuration) is not { } path) return null;
        return secret.IsSet(configuration)
            ? throw setting.Refusal($"is set, and so is {secret.Key}; set one of the two.")
            : KeyFile.Open(setting, path);
    }

    static string? ApiKeyOf(TextSetting secret, IConfiguration configuration, ModelProvider provider)
    {
        if (secret.Read(configuration) is not { } written)
            return provider is ModelProvider.OpenAI or ModelProvider.Azure or ModelProvider.Anthropic
                ? throw secret.Refusal($"is missing; {provider} needs a key.")
                : null;

        return MayBeKey(written) ? written : throw secret.Refusal("has a character that no key has, such as a space inside.");
    }

    static string? FieldOf(TextSetting field, IConfiguration configuration)
    {
        var written = field.Read(configuration);
        return written is null or Wire.OutputLimitField.Newer or Wire.OutputLimitField.Older
            ? written
            : throw field.Refusal($"is '{written}'; it must be {Wire.OutputLimitField.Newer} or {Wire.OutputLimitField.Older}.");
    }

    static string DefaultOf(TextSetting model, ModelProvider provider) => provider switch
    {
        ModelProvider.Offline => OfflineModel,
        ModelProvider.OpenAI => "gpt-4o-mini",
        ModelProvider.Anthropic => "claude-haiku-4-5",
        ModelProvider.Azure => throw model.Refusal("is missing; name the deployment."),
        _ => throw model.Refusal("is missing; name a pulled model."),
    };
}

/// <summary>Settings of section <c>Models</c> that a named entry has as well.</summary>
static class EntrySettings
{
    /// <summary>The same setting of an entry, such as <c>Models:Providers:fast:Provider</c>.</summary>
    public static T In<T>(this T setting, string? entry) where T : Setting =>
        entry is null ? setting : setting with { Key = setting.Key.Replace("Models:", $"Models:Providers:{entry}:", StringComparison.Ordinal) };
}
