using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Agents.Host.Platform;
using Microsoft.Extensions.Configuration;

namespace Agents.Host.Tests.Models;

/// <summary>Several providers in one server, and keys from files.</summary>
public sealed class ModelProvidersTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("agents-keys-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_model_of_an_entry_is_written_with_its_name_and_every_other_name_is_the_main_providers()
    {
        var providers = From(
            ("Provider", "openai"), ("ApiKey", "k"), ("Providers:fast:Provider", "openai"), ("Providers:fast:ApiKey", "f"),
            ("Providers:fast:Endpoint", "http://127.0.0.1:8000/v1"), ("Providers:fast:CallTimeout", "5"), ("Providers:fast:FirstTokenTimeout", "4"),
            ("Providers:careful-2:Provider", "anthropic"), ("Providers:careful-2:ApiKey", "c"));

        Assert.Equal(["careful-2", "fast"], providers.Names);
        Assert.Equal(("fast", "f", "gpt-4o"), Of("fast/gpt-4o"));
        Assert.Equal(("fast", "f", "meta/llama"), Of("fast/meta/llama"));
        Assert.Equal(("careful-2", "c", "claude"), Of("careful-2/claude"));
        Assert.Equal(("openai", "k", "meta/llama"), Of("meta/llama"));
        Assert.Equal(("openai", "k", "gpt-4o"), Of("gpt-4o"));
        Assert.Equal(("openai", "k", "fast/"), Of("fast/"));
        Assert.Equal(TimeSpan.FromSeconds(5), providers.Named["fast"].CallTimeout);
        Assert.Equal(["OpenAI gpt-4o-mini at api.openai.com", "careful-2: Anthropic claude-haiku-4-5 at api.anthropic.com", "fast: OpenAI gpt-4o-mini at 127.0.0.1"],
            providers.All.Select(entry => entry.ToString()));
        Assert.Equal(("fast/gpt-4o", "gpt-4o"), (providers.Written("fast", "gpt-4o"), providers.Written("openai", "gpt-4o")));

        (string, string?, string) Of(string model) => providers.Of(model) is var (entry, name) ? (entry.Name, entry.ApiKey, name) : default;
    }

    [Theory]
    [InlineData("Providers:Fast:Provider=offline", "Models:Providers:Fast is no name of an entry: 1 to 32 of a to z, 0 to 9 and -.")]
    [InlineData("Providers:offline:Provider=offline", "Models:Providers:offline has the name of the provider of section Models; choose another one.")]
    [InlineData("Providers:fast:Provider=openai", "Models:Providers:fast:ApiKey (Models__Providers__fast__ApiKey) is missing; OpenAI needs a key.")]
    [InlineData("Providers:fast:Provider=ollama", "Models:Providers:fast:Default (Models__Providers__fast__Default) is missing; name a pulled model.")]
    [InlineData("Providers:fast:CallTimeout=0",
        "Models:Providers:fast:CallTimeout (Models__Providers__fast__CallTimeout) is '0'; it must be seconds or hh:mm:ss, from 00:00:00.001 to 01:00:00.")]
    [InlineData("Provider=openai;ApiKey=canary;ApiKeyFile=/nowhere",
        "Models:ApiKeyFile (Models__ApiKeyFile) is set, and so is Models:ApiKey; set one of the two.")]
    public void A_wrong_entry_is_named(string settings, string message) =>
        Assert.Equal(message,
            Assert.Throws<StartRefusedException>(() => From([.. settings.Split(';').Select(s => (s.Split('=', 2)[0], s.Split('=', 2)[1]))])).Message);

    [Fact]
    public void A_key_is_read_from_its_file_and_again_when_it_changes()
    {
        var file = Write("canary-one\n");
        var options = ModelOptions.From(Settings(("Provider", "openai"), ("ApiKeyFile", file)));
        Assert.Equal("canary-one", options.ApiKey);
        Assert.DoesNotContain("canary", options.ToString(), StringComparison.Ordinal);

        File.WriteAllText(file, "  canary-two ");
        Assert.Equal("canary-two", options.WithCurrentKey().ApiKey);

        File.Delete(file); // for a moment, while another one takes its place
        Assert.Equal("canary-two", options.WithCurrentKey().ApiKey);
        File.WriteAllText(file, "");
        Assert.Equal("canary-two", options.WithCurrentKey().ApiKey);
    }

    [Fact]
    public void A_file_without_a_key_or_open_to_all_is_refused_and_the_key_is_not_told()
    {
        Assert.StartsWith("Models:ApiKeyFile (Models__ApiKeyFile) names /nowhere/key, which cannot be read: ", Refusal("/nowhere/key"), StringComparison.Ordinal);
        Assert.EndsWith("which holds no key of one line, such as sk-….", Refusal(Write(" \n")), StringComparison.Ordinal);
        Assert.EndsWith("which holds no key of one line, such as sk-….", Refusal(Write("canary one")), StringComparison.Ordinal);
        Assert.EndsWith("which holds no key of one line, such as sk-….", Refusal(Write(new string('k', 9_000))), StringComparison.Ordinal);
        if (OperatingSystem.IsWindows()) return;

        var pipe = $"{Write("")}-pipe";
        using (var made = System.Diagnostics.Process.Start("mkfifo", [pipe])) made.WaitForExit();
        Assert.EndsWith($"cannot be read: {pipe} is not a regular file.", Refusal(pipe), StringComparison.Ordinal);
        File.Delete(pipe);
        var open = Write("canary");
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.EndsWith("which every account of this machine may read or write; allow it to the server's own: chmod 640.", Refusal(open), StringComparison.Ordinal);

        string Refusal(string file)
        {
            var message = Assert.Throws<StartRefusedException>(() => ModelOptions.From(Settings(("Provider", "openai"), ("ApiKeyFile", file)))).Message;
            Assert.DoesNotContain("canary", message, StringComparison.Ordinal);
            return message;
        }
    }

    [Fact]
    public void An_unknown_entry_in_a_definition_is_named_where_it_cannot_be_a_models_own_name()
    {
        var rule = new NamedModelsExist(From(("Providers:fast:Provider", "offline")));
        var agent = new AgentDefinition
        {
            Name = "a", Model = "slow/gpt-4o", Fallback = new(["fast/gpt-4o", "fast/"]),
            Steps = [new ModelStep("answer", "Answer.", Model: "gpt-4o") { Fallback = new(["careful/claude"]) }],
        };

        Assert.Equal(
            [
                "The agent names the model slow/gpt-4o, but the entries of this server are fast.",
                "The agent's fallback names the model fast/, which names no model behind fast/.",
                "The fallback of step answer names the model careful/claude, but the entries of this server are fast.",
            ], rule.Problems(agent));
        Assert.Empty(new NamedModelsExist(From(("Provider", "ollama"), ("Default", "llama"))).Problems(agent with { Fallback = null }));
        Assert.Equal(
            "The agent names the model slow/gpt-4o, and this server has no entries in Models:Providers.",
            new NamedModelsExist(From()).Problems(agent).First());
    }

    /// <summary>Closed to other accounts, whatever the machine's habit.</summary>
    string Write(string text)
    {
        var file = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(file, text);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    static ModelProviders From(params (string Key, string Value)[] settings) => ModelProviders.From(Settings(settings));

    static IConfiguration Settings(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"Models:{setting.Key}", (string?)setting.Value))).Build();
}
