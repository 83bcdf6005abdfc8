using Agents.Domain.Costs;
using Agents.Host.Models;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

/// <summary>Usage as providers send it.</summary>
public sealed class ModelUsageTests
{
    public static TheoryData<ModelProvider, string, Usage> Reports => new()
    {
        {
            ModelProvider.OpenAI, // a first call
            """{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}""",
            new(19, 10)
        },
        {
            ModelProvider.OpenAI, // a reasoning model with a warm cache
            """{"prompt_tokens":2006,"completion_tokens":300,"total_tokens":2306,"prompt_tokens_details":{"cached_tokens":1920},"completion_tokens_details":{"reasoning_tokens":256}}""",
            new(86, 44, 1920, ReasoningTokens: 256)
        },
        {
            ModelProvider.OpenAI, // writes to the cache
            """{"prompt_tokens":2006,"completion_tokens":3,"total_tokens":2009,"prompt_tokens_details":{"cached_tokens":1000,"cache_write_tokens":1003}}""",
            new(3, 3, 1000, 1003)
        },
        {
            ModelProvider.OpenAI, // heard and spoke, and was reminded of text by its cache
            """{"prompt_tokens":1300,"completion_tokens":500,"total_tokens":1800,"prompt_tokens_details":{"audio_tokens":200,"cached_tokens":1024},"completion_tokens_details":{"reasoning_tokens":64,"audio_tokens":400,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}""",
            new(76, 36, 1024, ReasoningTokens: 64, AudioInputTokens: 200, AudioOutputTokens: 400)
        },
        {
            ModelProvider.OpenAI, // a compatible server that counts reasoning beside the output, and speaks
            """{"prompt_tokens":32,"completion_tokens":9,"total_tokens":141,"completion_tokens_details":{"reasoning_tokens":100,"audio_tokens":9}}""",
            new(32, 0, ReasoningTokens: 100, AudioOutputTokens: 9)
        },
        {
            ModelProvider.OpenAI, // a compatible server without details
            """{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12,"prompt_tokens_details":null}""",
            new(7, 5)
        },
        {
            ModelProvider.OpenAI, // a compatible server that counts reasoning beside the output
            """{"prompt_tokens":32,"completion_tokens":9,"total_tokens":141,"completion_tokens_details":{"reasoning_tokens":100}}""",
            new(32, 9, ReasoningTokens: 100)
        },
        { ModelProvider.OpenAI, """{"prompt_tokens":7,"completion_tokens":5}""", new(7, 5) }, // a compatible server without a total
        { ModelProvider.OpenAI, """{"prompt_tokens":7.0,"completion_tokens":5,"total_tokens":0}""", new(7, 5) },
        {
            ModelProvider.Azure,
            """{"completion_tokens":10,"prompt_tokens":1129,"total_tokens":1139,"completion_tokens_details":{"reasoning_tokens":0},"prompt_tokens_details":{"audio_tokens":0,"cached_tokens":1024}}""",
            new(105, 10, 1024)
        },
        {
            ModelProvider.Anthropic, // without a cache
            """{"input_tokens":25,"output_tokens":15}""",
            new(25, 15)
        },
        {
            ModelProvider.Anthropic, // input excludes both cache buckets
            """{"input_tokens":50,"cache_read_input_tokens":100000,"cache_creation_input_tokens":248,"cache_creation":{"ephemeral_5m_input_tokens":148,"ephemeral_1h_input_tokens":100},"output_tokens":503,"service_tier":"standard"}""",
            new(50, 503, 100000, 148, 100)
        },
        {
            ModelProvider.Anthropic, // cache writes of unstated life count as short-lived
            """{"input_tokens":4,"cache_creation_input_tokens":248,"cache_read_input_tokens":0,"output_tokens":5}""",
            new(4, 5, 0, 248)
        },
        {
            ModelProvider.Anthropic, // searched; what it fetched has no fee
            """{"input_tokens":105,"output_tokens":6039,"cache_read_input_tokens":7123,"cache_creation_input_tokens":7345,"server_tool_use":{"web_search_requests":2,"web_fetch_requests":1}}""",
            new(105, 6039, 7123, 7345, WebSearches: 2)
        },
        { ModelProvider.Anthropic, """{"input_tokens":25,"output_tokens":15,"server_tool_use":null}""", new(25, 15) },
        { ModelProvider.Ollama, """{"prompt_eval_count":26,"eval_count":259}""", new(26, 259) },
    };

    public static TheoryData<ModelProvider, string> Lies => new()
    {
        { ModelProvider.OpenAI, """{"prompt_tokens":19,"completion_tokens":10,"total_tokens":999}""" },
        { ModelProvider.OpenAI, """{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":20}}""" },
        { ModelProvider.OpenAI,
            """{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"completion_tokens_details":{"reasoning_tokens":11}}""" },
        { ModelProvider.OpenAI, """{"prompt_tokens":19,"completion_tokens":-10,"total_tokens":9}""" },
        { ModelProvider.OpenAI, """{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}""" },
        { ModelProvider.OpenAI,
            """{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"cached_tokens":10,"audio_tokens":10}}""" },
        { ModelProvider.OpenAI,
            """{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"completion_tokens_details":{"reasoning_tokens":6,"audio_tokens":5}}""" },
        { ModelProvider.OpenAI, """{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":{"audio_tokens":-1}}""" },
        { ModelProvider.Anthropic, """{"input_tokens":1,"output_tokens":15,"server_tool_use":{"web_search_requests":-1,"web_fetch_requests":0}}""" },
        { ModelProvider.Anthropic,
            """{"input_tokens":1,"output_tokens":15,"server_tool_use":{"web_search_requests":1000001,"web_fetch_requests":0}}""" },
        { ModelProvider.Anthropic, """{"input_tokens":-1,"output_tokens":15}""" },
        { ModelProvider.Anthropic, """{"input_tokens":9223372036854775807,"cache_read_input_tokens":9223372036854775807,"output_tokens":15}""" },
        { ModelProvider.Anthropic,
            """{"input_tokens":1,"cache_creation_input_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":1},"output_tokens":15}""" },
        { ModelProvider.Ollama, """{"prompt_eval_count":-26,"eval_count":259}""" },
        { ModelProvider.Ollama, """{"prompt_eval_count":0,"eval_count":0}""" },
    };

    [Theory, MemberData(nameof(Reports))]
    public async Task Each_provider_counts_its_own_way_and_we_count_one_way(ModelProvider provider, string report, Usage expected)
    {
        var answered = await Report(provider, report);

        Assert.Equal(expected, answered.Usage);
        Assert.Null(answered.UsageNote);
    }

    [Theory, MemberData(nameof(Lies))]
    public async Task What_cannot_be_true_is_unknown_kept_and_noted(ModelProvider provider, string report)
    {
        var answered = await Report(provider, report);

        Assert.Null(answered.Usage);
        Assert.NotNull(answered.RawUsage);
        Assert.StartsWith("The usage report is not believed", answered.UsageNote, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_field_nobody_knows_yet_stays_in_the_raw_usage()
    {
        var openAI = await Report(ModelProvider.OpenAI, """{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"flux_tokens":{"new":7}}""");
        var anthropic = await Report(ModelProvider.Anthropic, """{"input_tokens":1,"output_tokens":1,"flux_tokens":{"new":7}}""");

        Assert.Contains("\"flux_tokens\":{\"new\":7}", openAI.RawUsage, StringComparison.Ordinal);
        Assert.Contains("\"flux_tokens\":{\"new\":7}", anthropic.RawUsage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_report_is_cut() =>
        Assert.Equal(ModelLimits.RawUsage, (await Report(ModelProvider.Anthropic,
            $$"""{"input_tokens":1,"output_tokens":1,"x":"{{new string('x', 9000)}}"}""")).RawUsage!.Length);

    [Fact]
    public void A_client_without_JSON_of_its_own_is_read_through_its_details()
    {
        Assert.Equal(new(6, 1, 4, ReasoningTokens: 2),
            Details(new() { InputTokenCount = 10, OutputTokenCount = 3, CachedInputTokenCount = 4, ReasoningTokenCount = 2 }).Usage);
#pragma warning disable MEAI001 // experimental in the library
        Assert.Equal(
            new(4, 1, 4, ReasoningTokens: 2, AudioInputTokens: 2, AudioOutputTokens: 5),
            Details(new()
            {
                InputTokenCount = 10, OutputTokenCount = 8, CachedInputTokenCount = 4, ReasoningTokenCount = 2, InputAudioTokenCount = 2,
                OutputAudioTokenCount = 5,
            }).Usage);
#pragma warning restore MEAI001
        Assert.Equal(Usage.None, Details(new() { InputTokenCount = 0, OutputTokenCount = 0 }).Usage);
        Assert.Equal(new ReportedUsage(null, null, null), Details(new() { InputTokenCount = 10 }));
        Assert.Null(Details(new() { InputTokenCount = 1, OutputTokenCount = 1, CachedInputTokenCount = 2 }).Usage);
        Assert.NotNull(Details(new() { InputTokenCount = 1, OutputTokenCount = 1, TotalTokenCount = 3 }).Note);
        Assert.NotNull(Details(new() { InputTokenCount = long.MaxValue, OutputTokenCount = 1, TotalTokenCount = 3 }).Note);
    }

    static ReportedUsage Details(UsageDetails details)
    {
        var usage = new ModelUsage();
        usage.Add(new(ChatRole.Assistant, [new UsageContent(details)]));
        return usage.Result();
    }

    static async Task<ModelOutcome.Answered> Report(ModelProvider provider, string report)
    {
        await using var fake = await FakeProvider.Start();
        fake.Script(FakeReply.Answer("x") with { RawUsage = report });
        return Assert.IsType<ModelOutcome.Answered>(await ModelCalls.Call(provider, fake));
    }
}
