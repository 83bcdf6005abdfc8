using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Agents.Host.Models.Outputs;
using Agents.Host.Tools;
using Microsoft.Extensions.AI;
using ReasoningEffort = Agents.Domain.Definitions.ReasoningEffort;

namespace Agents.Host.Tests.Models;

/// <summary>Schema and parameters of a call as each provider's real SDK puts them on the wire.</summary>
public sealed class CallFormTests
{
    const string Closed = """{"type":"object","properties":{"days":{"type":"integer"}},"required":["days"],"additionalProperties":false}""";
    const string Open = """{"type":"object","properties":{"days":{"type":"integer","minimum":0}}}""";

    static readonly ModelParameters Everything = new(0.3, 0.8, 7, ReasoningEffort.Low, ["END"], ParallelToolCalls: false, CacheBreakpoints: true);

    public static TheoryData<ModelProvider> Providers => ProviderTests.Providers;

    [Theory, MemberData(nameof(Providers))]
    public async Task Without_schema_and_parameters_nothing_of_them_is_sent(ModelProvider provider)
    {
        var sent = await Sent(provider, new ModelStep("fill", "Fill."));

        foreach (var name in new[]
                 {
                     "response_format", "output_config", "format", "temperature", "top_p", "seed", "stop", "stop_sequences", "parallel_tool_calls",
                     "reasoning_effort", "thinking", "think", "tool_choice",
                 })
            Assert.False(sent.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null, $"{name} is {sent}");
        Assert.DoesNotContain("cache_control", sent.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelProvider.OpenAI, Closed, true)]
    [InlineData(ModelProvider.OpenAI, Open, false)]
    [InlineData(ModelProvider.Azure, Closed, true)]
    [InlineData(ModelProvider.Azure, Open, false)]
    public async Task OpenAI_is_sent_the_schema_and_told_to_be_strict_where_that_is_possible(ModelProvider provider, string schema, bool isStrict)
    {
        var format = (await Sent(provider, new ModelStep("fill", "Fill.") { OutputSchema = schema })).GetProperty("response_format");

        Assert.Equal("json_schema", format.GetProperty("type").GetString());
        Assert.Equal(isStrict, format.GetProperty("json_schema").GetProperty("strict").GetBoolean());
        Same(schema, format.GetProperty("json_schema").GetProperty("schema"));
        Assert.Equal("output", format.GetProperty("json_schema").GetProperty("name").GetString());
    }

    [Theory]
    [InlineData(ModelProvider.OpenAI)]
    [InlineData(ModelProvider.Azure)]
    public async Task Any_object_is_OpenAIs_json_mode(ModelProvider provider)
    {
        var sent = await Sent(provider, new ModelStep("fill", "Fill.") { OutputSchema = """{ "type": "object" }""" });

        Assert.Equal("""{"type":"json_object"}""", sent.GetProperty("response_format").GetRawText());
    }

    [Theory]
    [InlineData(ModelProvider.OpenAI)]
    [InlineData(ModelProvider.Azure)]
    public async Task OpenAI_is_told_in_words_of_a_schema_that_is_none_of_objects_because_it_would_refuse_it(ModelProvider provider)
    {
        var sent = await Sent(provider, new ModelStep("fill", "Fill.") { OutputSchema = """{"type":"array"}""" });

        Assert.False(sent.TryGetProperty("response_format", out _));
        Assert.EndsWith("""{"type":"array"}""", sent.GetProperty("messages")[1].GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anthropic_is_sent_a_schema_that_it_keeps_its_models_to()
    {
        var sent = await Sent(ModelProvider.Anthropic, new ModelStep("fill", "Fill.") { OutputSchema = Closed });

        var format = sent.GetProperty("output_config").GetProperty("format");
        Assert.Equal("json_schema", format.GetProperty("type").GetString());
        Same(Closed, format.GetProperty("schema"));
        Assert.DoesNotContain("JSON Schema", SystemOf(sent), StringComparison.Ordinal);
        Assert.Equal(4096, sent.GetProperty("max_tokens").GetInt32());
        Assert.Equal("the-model", sent.GetProperty("model").GetString());
    }

    [Fact]
    public async Task Anthropic_is_told_of_every_other_schema_in_words()
    {
        var sent = await Sent(ModelProvider.Anthropic, new ModelStep("fill", "Fill.") { OutputSchema = Open });

        Assert.False(sent.TryGetProperty("output_config", out _));
        Assert.StartsWith("Fill.", SystemOf(sent), StringComparison.Ordinal);
        Assert.EndsWith(OutputSchema.Read(Open).Schema!.Text, SystemOf(sent), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Closed)]
    [InlineData(Open)]
    public async Task Ollama_is_sent_the_schema_as_its_format(string schema) =>
        Same(schema, (await Sent(ModelProvider.Ollama, new ModelStep("fill", "Fill.") { OutputSchema = schema })).GetProperty("format"));

    [Theory]
    [InlineData(ModelProvider.OpenAI)]
    [InlineData(ModelProvider.Azure)]
    public async Task OpenAI_is_sent_every_parameter(ModelProvider provider)
    {
        var sent = await Sent(provider, new ModelStep("fill", "Fill.", [new("search_documents")]) { Parameters = Everything });

        Assert.Equal(
            (0.3, 0.8, 7, "low", "END", false),
            (Math.Round(sent.GetProperty("temperature").GetDouble(), 6), Math.Round(sent.GetProperty("top_p").GetDouble(), 6),
                sent.GetProperty("seed").GetInt64(), sent.GetProperty("reasoning_effort").GetString(), sent.GetProperty("stop")[0].GetString(),
                sent.GetProperty("parallel_tool_calls").GetBoolean()));
    }

    [Fact]
    public async Task OpenAI_knows_the_least_of_efforts()
    {
        var sent = await Sent(ModelProvider.OpenAI, new ModelStep("fill", "Fill.") { Parameters = new(ReasoningEffort: ReasoningEffort.Minimal) });

        Assert.Equal("minimal", sent.GetProperty("reasoning_effort").GetString());
    }

    [Fact]
    public async Task Anthropic_is_sent_what_it_takes()
    {
        var step = new ModelStep("fill", "Fill.", [new("search_documents")])
        {
            Parameters = Everything with { Temperature = null, TopP = null, Seed = null },
        };
        var sent = await Sent(ModelProvider.Anthropic, step);

        Assert.Equal("END", sent.GetProperty("stop_sequences")[0].GetString());
        Assert.True(sent.GetProperty("tool_choice").GetProperty("disable_parallel_tool_use").GetBoolean());
        Assert.Equal((1024, "enabled"),
            (sent.GetProperty("thinking").GetProperty("budget_tokens").GetInt32(), sent.GetProperty("thinking").GetProperty("type").GetString()));
        Assert.False(sent.TryGetProperty("temperature", out _) || sent.TryGetProperty("top_p", out _));
    }

    [Theory]
    [InlineData(ReasoningEffort.Minimal, 1024)]
    [InlineData(ReasoningEffort.Low, 1024)]
    [InlineData(ReasoningEffort.Medium, 2048)]
    [InlineData(ReasoningEffort.High, 3072)]
    public async Task Effort_is_a_share_of_Anthropics_reply_for_thinking(ReasoningEffort effort, int tokens)
    {
        var sent = await Sent(ModelProvider.Anthropic, new ModelStep("fill", "Fill.") { Parameters = new(ReasoningEffort: effort) });

        Assert.Equal(tokens, sent.GetProperty("thinking").GetProperty("budget_tokens").GetInt32());
        Assert.Equal(4096, sent.GetProperty("max_tokens").GetInt32());
    }

    [Fact]
    public async Task A_reply_too_short_for_thinking_has_none()
    {
        var step = new ModelStep("fill", "Fill.") { Parameters = new(ReasoningEffort: ReasoningEffort.High) };

        Assert.False((await Sent(ModelProvider.Anthropic, step, limits: new(OutputTokensPerCall: 1500))).TryGetProperty("thinking", out _));
    }

    [Fact]
    public async Task After_a_tool_call_Anthropic_is_not_asked_to_think_because_it_would_want_to_see_its_thoughts()
    {
        var step = new ModelStep("fill", "Fill.", [new("search_documents")]) { Parameters = new(ReasoningEffort: ReasoningEffort.High) };
        var sent = await Sent(ModelProvider.Anthropic, step, Told with
        {
            Turns = [new Turn.Model("", [new("c0001t001", "search_documents", "{}")]), new Turn.Tool("c0001t001", "found", [])],
        });

        Assert.False(sent.TryGetProperty("thinking", out _));
    }

    [Fact]
    public async Task Anthropics_cache_ends_behind_the_instructions_and_at_the_end()
    {
        var step = new ModelStep("fill", "Fill.") { Parameters = new(CacheBreakpoints: true) };
        var sent = await Sent(ModelProvider.Anthropic, step, Told with { Instructions = "In English.", Earlier = [new("look", "It is 30.", [])] });

        var system = sent.GetProperty("system").EnumerateArray().ToList();
        Assert.Equal(["Fill.", "In English."], system.Select(block => block.GetProperty("text").GetString()));
        Assert.Equal([false, true], system.Select(block => block.TryGetProperty("cache_control", out _)));
        var blocks = sent.GetProperty("messages").EnumerateArray().SelectMany(message => message.GetProperty("content").EnumerateArray()).ToList();
        Assert.Equal([false, true], blocks.Select(block => block.TryGetProperty("cache_control", out _)));
        Assert.Equal("ephemeral", blocks[^1].GetProperty("cache_control").GetProperty("type").GetString());
    }

    [Fact]
    public async Task Ollama_is_sent_what_it_takes()
    {
        var sent = await Sent(ModelProvider.Ollama, new ModelStep("fill", "Fill.") { Parameters = Everything with { ParallelToolCalls = null } });

        var options = sent.GetProperty("options");
        Assert.Equal(
            (0.3, 0.8, 7, "END"),
            (Math.Round(options.GetProperty("temperature").GetDouble(), 6), Math.Round(options.GetProperty("top_p").GetDouble(), 6),
                options.GetProperty("seed").GetInt64(), options.GetProperty("stop")[0].GetString()));
        Assert.Equal("low", sent.GetProperty("think").ToString().ToLowerInvariant());
    }

    [Theory, MemberData(nameof(Providers))]
    public async Task An_unfit_reply_is_told_back_with_what_is_wrong_and_with_the_schema(ModelProvider provider)
    {
        var sent = await Sent(provider, new ModelStep("fill", "Fill.") { OutputSchema = Closed }, Told with
        {
            Turns = [new Turn.Model("It is thirty.", []), new Turn.Unfit(["$: It is no JSON."])],
        });

        var messages = sent.GetProperty("messages").EnumerateArray().Where(message => message.GetProperty("role").GetString() != "system").ToList();
        Assert.Equal(["user", "assistant", "user"], messages.Select(message => message.GetProperty("role").GetString()));
        Assert.Contains("It is thirty.", messages[1].GetRawText(), StringComparison.Ordinal);
        Assert.Contains("- $: It is no JSON.", messages[2].GetRawText(), StringComparison.Ordinal);
        Assert.Contains("additionalProperties", messages[2].GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_hash_of_a_request_covers_schema_and_parameters_where_there_are_any_and_is_else_as_it_always_was()
    {
        var step = new ModelStep("fill", "Fill.");
        var hashes = new[]
        {
            step, step with { OutputSchema = Closed }, step with { OutputSchema = Open }, step with { Parameters = new(Temperature: 0.3) },
            step with { Parameters = new(Temperature: 0.4) }, step with { Parameters = new(CacheBreakpoints: true) },
        }.Select(one => Request(one).Hash()).ToList();

        Assert.Equal(hashes.Count, hashes.Distinct().Count());
        Assert.Equal(hashes[0], Request(step with { Parameters = new() }).Hash());
        Assert.Equal("a6890a07103e56a879b65f9bc7edde82bbe2a7c68ec7375e6de82f17eaa140e9", hashes[0]);
    }

    [Fact]
    public void The_runs_schema_and_parameters_count_over_the_steps_over_the_agents()
    {
        var step = new ModelStep("fill", "Fill.") { OutputSchema = Open, Parameters = new(Temperature: 0.2, TopP: 0.2) };
        var said = Told with { OutputSchema = Closed, Parameters = new(Temperature: 0.1) };
        ModelRequest Of(bool isLast) => ModelRequest.Of(said, step, "m", new Limits(), new ToolBox(null!, []), isLast, new(TopP: 0.3, Seed: 3));

        Assert.Equal((Closed, Open), (Of(isLast: true).OutputSchema, Of(isLast: false).OutputSchema));
        Assert.Equal(new(0.1, 0.2, 3), Of(isLast: false).Parameters);
    }

    [Fact]
    public void The_bound_of_the_input_counts_the_schema()
    {
        var step = new ModelStep("fill", "Fill.");

        Assert.True(Request(step with { OutputSchema = Open }).InputTokensAtMost() >= Request(step).InputTokensAtMost() + Open.Length);
    }

    [Theory]
    [InlineData(ModelProvider.Offline, new string[0])]
    [InlineData(ModelProvider.OpenAI, new string[0])]
    [InlineData(ModelProvider.Azure, new string[0])]
    [InlineData(ModelProvider.Anthropic, new[] { "temperature", "topP", "seed" })]
    [InlineData(ModelProvider.Ollama, new[] { "parallelToolCalls: false" })]
    public void What_a_provider_does_not_take_is_named_when_a_definition_is_loaded(ModelProvider provider, string[] missing)
    {
        Assert.Equal(missing, ProviderAbilities.Of(provider).Missing(Everything));

        var agent = new AgentDefinition { Name = "clerk", Steps = [new ModelStep("fill", "Fill.")], Parameters = Everything };
        var problems = new ParametersAreTaken(new(new ModelOptions { Provider = provider })).Problems(agent).ToList();
        Assert.Equal(
            missing.Length == 0
                ? []
                : [$"Step fill asks for {string.Join(", ", missing)}, which the provider {provider.ToString().ToLowerInvariant()} does not take."],
            problems);
    }

    [Fact]
    public void A_schema_that_cannot_be_used_is_named_with_its_step_when_a_definition_is_loaded()
    {
        var agent = new AgentDefinition
        {
            Name = "clerk", Steps = [new ModelStep("look", "Look.") { OutputSchema = Open }, new ModelStep("fill", "Fill.") { OutputSchema = "false" }],
        };

        Assert.Equal(
            ["The schema of step fill cannot be used. No output can fit it: $ is false."], new SchemasAreUsable().Problems(agent));
    }

    static Conversation Told => new() { Question = "How many days?" };

    static ModelRequest Request(ModelStep step, Conversation? said = null, Limits? limits = null) =>
        ModelRequest.Of(said ?? Told, step, "the-model", limits ?? new Limits(), new Declared());

    static async Task<JsonElement> Sent(ModelProvider provider, ModelStep step, Conversation? said = null, Limits? limits = null)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("""{"days":30}""", new(1, 1)));
        var (options, request) = (ModelCalls.Options(provider, fake.Address), Request(step, said, limits));
        using var client = ChatClients.Create(options);

        Assert.IsType<ModelOutcome.Answered>(await ModelCall.Run(client, request.Messages, request.Options, options, null, default));

        return Assert.Single(fake.Requests).Json;
    }

    static string SystemOf(JsonElement sent)
    {
        var system = sent.GetProperty("system");
        return system.ValueKind is JsonValueKind.String
            ? system.GetString()!
            : string.Join('\n', system.EnumerateArray().Select(block => block.GetProperty("text").GetString()));
    }

    static void Same(string schema, JsonElement sent) => Assert.True(JsonElement.DeepEquals(JsonElement.Parse(schema), sent), sent.GetRawText());

    /// <summary>Every tool takes a query.</summary>
    sealed class Declared : ITools
    {
        public bool IsRepeatable(string tool) => true;

        public AITool Declaration(string tool) => AIFunctionFactory.CreateDeclaration(
            tool, "Finds.", JsonElement.Parse("""{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}"""));

        public Task<ToolResult> Run(string tool, string arguments, ToolContext context, CancellationToken ct) => throw new NotSupportedException();
    }
}
