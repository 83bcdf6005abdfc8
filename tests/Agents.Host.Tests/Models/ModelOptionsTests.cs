using Agents.Host.Models;
using Agents.Host.Models.Offline;
using Agents.Host.Platform;
using Microsoft.Extensions.Configuration;

namespace Agents.Host.Tests.Models;

public sealed class ModelOptionsTests
{
    [Fact]
    public void Without_configuration_the_offline_model_answers()
    {
        var options = From();

        Assert.Equal((ModelProvider.Offline, "offline-extractive-1", null), (options.Provider, options.Default, options.ApiKey));
        Assert.Equal((TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(60)), (options.CallTimeout, options.FirstTokenTimeout));
        Assert.IsType<OfflineExtractiveModel>(ChatClients.Create(options));
    }

    [Theory]
    [InlineData("openai", "gpt-4o-mini", "https://api.openai.com/v1")]
    [InlineData("Anthropic", "claude-haiku-4-5", "https://api.anthropic.com/")]
    public void A_provider_with_a_key_needs_no_more(string provider, string model, string endpoint)
    {
        var options = From(("Provider", provider), ("ApiKey", " key\n"));

        Assert.Equal((model, endpoint, "key"), (options.Default, options.Endpoint?.ToString(), options.ApiKey));
        ChatClients.Create(options).Dispose();
    }

    [Theory]
    [InlineData("Provider=mistral", "Models:Provider (Models__Provider) is 'mistral'; it must be one of offline, openai, azure, anthropic, ollama.")]
    [InlineData("Provider=1", "Models:Provider (Models__Provider) is '1'; it must be one of offline, openai, azure, anthropic, ollama.")]
    [InlineData("Provider=openai", "Models:ApiKey (Models__ApiKey) is missing; OpenAI needs a key.")]
    [InlineData("Provider=anthropic", "Models:ApiKey (Models__ApiKey) is missing; Anthropic needs a key.")]
    [InlineData("Provider=azure;Endpoint=https://x.example;Default=d", "Models:ApiKey (Models__ApiKey) is missing; Azure needs a key.")]
    [InlineData("Provider=azure;ApiKey=k;Default=d",
        "Models:Endpoint (Models__Endpoint) is missing; for Azure it is the address of the resource, such as https://NAME.openai.azure.com.")]
    [InlineData("Provider=azure;ApiKey=k;Endpoint=https://x.example", "Models:Default (Models__Default) is missing; name the deployment.")]
    [InlineData("Provider=ollama", "Models:Default (Models__Default) is missing; name a pulled model.")]
    [InlineData("Provider=openai;ApiKey=k;Endpoint=localhost:8000",
        "Models:Endpoint (Models__Endpoint) must be an http or https address without a user name.")]
    [InlineData("Provider=openai;ApiKey=k;Endpoint=https://me:secret@x.example",
        "Models:Endpoint (Models__Endpoint) must be an http or https address without a user name.")]
    [InlineData("Provider=openai;ApiKey=two words", "Models:ApiKey (Models__ApiKey) has a character that no key has, such as a space inside.")]
    [InlineData("OutputLimitField=max_words",
        "Models:OutputLimitField (Models__OutputLimitField) is 'max_words'; it must be max_completion_tokens or max_tokens.")]
    [InlineData("CallTimeout=0", "Models:CallTimeout (Models__CallTimeout) is '0'; it must be seconds or hh:mm:ss, from 00:00:00.001 to 01:00:00.")]
    [InlineData("FirstTokenTimeout=1e308",
        "Models:FirstTokenTimeout (Models__FirstTokenTimeout) is '1e308'; it must be seconds or hh:mm:ss, from 00:00:00.001 to 01:00:00.")]
    [InlineData("FirstTokenTimeout=soon",
        "Models:FirstTokenTimeout (Models__FirstTokenTimeout) is 'soon'; it must be seconds or hh:mm:ss, from 00:00:00.001 to 01:00:00.")]
    [InlineData(
        "CallTimeout=30;FirstTokenTimeout=60",
        "Models:FirstTokenTimeout (Models__FirstTokenTimeout) is 00:01:00, longer than Models:CallTimeout, which is 00:00:30: no call could ever reach it. Lower it, or raise Models:CallTimeout.")]
    public void A_wrong_setting_is_named_with_what_it_may_be(string settings, string message) =>
        Assert.Equal(message,
            Assert.Throws<StartRefusedException>(() => From([.. settings.Split(';').Select(s => (s.Split('=', 2)[0], s.Split('=', 2)[1]))])).Message);

    [Fact]
    public void Time_limits_are_seconds_or_spans()
    {
        var options = From(("CallTimeout", "90"), ("FirstTokenTimeout", "00:00:05"));

        Assert.Equal((TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(5)), (options.CallTimeout, options.FirstTokenTimeout));
    }

    [Fact]
    public void The_key_is_not_in_the_text_of_the_options() =>
        Assert.Equal("OpenAI gpt-4o-mini at api.openai.com", From(("Provider", "openai"), ("ApiKey", "canary")).ToString());

    static ModelOptions From(params (string Key, string Value)[] settings) => ModelOptions.From(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Models:{setting.Key}", (string?)setting.Value))).Build());
}
