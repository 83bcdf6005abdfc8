using System.Globalization;

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

/// <summary>The configuration section <c>Models</c>.</summary>
public sealed record ModelOptions
{
    static readonly TimeSpan LongestTimeout = TimeSpan.FromHours(1);

    public ModelProvider Provider { get; init; } = ModelProvider.Offline;

    /// <summary>The base address of the provider's API.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>A secret: sent to the provider and shown nowhere.</summary>
    public string? ApiKey { get; init; }

    /// <summary>The model for agents and steps that name none. On Azure, the name of the deployment.</summary>
    public string Default { get; init; } = "offline-extractive-1";

    /// <summary>From sending the request to the last token.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>From sending the request to the first piece of the reply.</summary>
    public TimeSpan FirstTokenTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads and checks the section <c>Models</c>.</summary>
    /// <exception cref="InvalidOperationException">A value is missing or wrong; the message names the key, never a secret.</exception>
    public static ModelOptions From(IConfiguration configuration)
    {
        var section = configuration.GetSection("Models");
        var provider = ReadProvider(section["Provider"]);

        return new()
        {
            Provider = provider,
            Endpoint = ReadEndpoint(section["Endpoint"], provider),
            ApiKey = ReadApiKey(section["ApiKey"], provider),
            Default = ReadDefault(section["Default"], provider),
            CallTimeout = ReadTimeout("CallTimeout", section["CallTimeout"], TimeSpan.FromSeconds(120)),
            FirstTokenTimeout = ReadTimeout("FirstTokenTimeout", section["FirstTokenTimeout"], TimeSpan.FromSeconds(60)),
        };
    }

    /// <summary>The same with a shorter time for a call; a longer one changes nothing.</summary>
    public ModelOptions Within(TimeSpan? callTimeout) => callTimeout < CallTimeout ? this with { CallTimeout = callTimeout.Value } : this;

    /// <summary>The provider as facts and traces name it, such as <c>openai</c>.</summary>
    public string Name => Provider.ToString().ToLowerInvariant();

    /// <summary>What may be logged.</summary>
    public override string ToString() => Endpoint is null ? $"{Provider} {Default}" : $"{Provider} {Default} at {Endpoint.Host}";

    static ModelProvider ReadProvider(string? value)
    {
        if (string.IsNullOrWhiteSpace(value)) return ModelProvider.Offline;

        var names = Enum.GetNames<ModelProvider>();
        return names.Contains(value.Trim(), StringComparer.OrdinalIgnoreCase)
            ? Enum.Parse<ModelProvider>(value.Trim(), ignoreCase: true)
            : throw new InvalidOperationException(
                $"Models__Provider is '{value}'; it may be {string.Join(", ", names).ToLowerInvariant()}.");
    }

    static Uri? ReadEndpoint(string? value, ModelProvider provider)
    {
        if (string.IsNullOrWhiteSpace(value))
            return provider switch
            {
                ModelProvider.Offline => null,
                ModelProvider.OpenAI => new("https://api.openai.com/v1"),
                ModelProvider.Anthropic => new("https://api.anthropic.com"),
                ModelProvider.Ollama => new("http://localhost:11434"),
                _ => throw new InvalidOperationException(
                    "Models__Endpoint is missing; for Azure it is the address of the resource, such as https://NAME.openai.azure.com."),
            };

        return Uri.TryCreate(value.Trim(), UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https" && endpoint.UserInfo == ""
            ? endpoint
            : throw new InvalidOperationException("Models__Endpoint must be an http or https address without a user name.");
    }

    static string? ReadApiKey(string? value, ModelProvider provider)
    {
        var key = value?.Trim();
        if (string.IsNullOrEmpty(key))
            return provider is ModelProvider.OpenAI or ModelProvider.Azure or ModelProvider.Anthropic
                ? throw new InvalidOperationException($"Models__ApiKey is missing; {provider} needs a key.")
                : null;

        return key.All(character => character is > ' ' and < '\x7f')
            ? key
            : throw new InvalidOperationException("Models__ApiKey has a character that no key has, such as a space inside.");
    }

    static string ReadDefault(string? value, ModelProvider provider) => !string.IsNullOrWhiteSpace(value) ? value.Trim() : provider switch
    {
        ModelProvider.Offline => "offline-extractive-1",
        ModelProvider.OpenAI => "gpt-4o-mini",
        ModelProvider.Anthropic => "claude-haiku-4-5",
        ModelProvider.Azure => throw new InvalidOperationException("Models__Default is missing; name the deployment."),
        _ => throw new InvalidOperationException("Models__Default is missing; name a pulled model."),
    };

    static TimeSpan ReadTimeout(string key, string? value, TimeSpan otherwise)
    {
        if (string.IsNullOrWhiteSpace(value)) return otherwise;

        // A bare number is read as seconds first: TimeSpan would take it for days.
        var timeout = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            ? double.IsFinite(seconds) && Math.Abs(seconds) < 1e9 ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero
            : TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var span) ? span : TimeSpan.Zero;

        return timeout > TimeSpan.Zero && timeout <= LongestTimeout
            ? timeout
            : throw new InvalidOperationException($"Models__{key} is '{value}'; it is seconds or hh:mm:ss, above 0 and at most {LongestTimeout}.");
    }
}
