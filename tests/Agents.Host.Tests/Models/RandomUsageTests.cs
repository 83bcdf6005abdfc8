using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Host.Models;
using Agents.Host.Models.Wire;
using CsCheck;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Models;

/// <summary>Usage of any size and of any nonsense, as providers would send it.</summary>
public sealed class RandomUsageTests
{
    const int Iterations = 10_000;

    static readonly Gen<long> Tokens = Gen.OneOf(Gen.Long[0, 10], Gen.Long[0, 500_000], Gen.Long[0, int.MaxValue / 10]);

    static readonly PriceList Prices = new("test", [new("*", new(1, 2, 0.5m, 1.25m, 2, 3, AudioInput: 10, AudioOutput: 20, WebSearchFee: 0.01m))]);

    static readonly string[] Inputs =
        ["-1", "-9223372036854775808", "9223372036854775807", "1e999", "1.5", "\"NaN\"", "\"7\"", "true", "{}", "[]", "null", "0"];

    static readonly string[] Outputs = ["-1", "9223372036854775807", "99999999999999999999", "1e3", "\"many\"", "null", "0"];

    static Gen<string> OneOf(string[] words) => Gen.Int[0, words.Length - 1].Select(at => words[at]);

    [Fact]
    public void The_buckets_add_up_to_the_providers_total() =>
        Gen.Select(Tokens, Tokens, Tokens, Tokens, Tokens, Tokens, Tokens).Sample((fresh, cached, written, output, reasoning, heard, spoken) =>
        {
            if (fresh + cached + written + output + reasoning == 0) return;
            var (input, produced, searches) = (fresh + cached + written, output + reasoning, heard % 1000);

            var openAI = OpenAI(
                $$$"""{"prompt_tokens":{{{input + heard}}},"completion_tokens":{{{produced + spoken}}},"total_tokens":{{{input + heard + produced + spoken}}},"prompt_tokens_details":{"cached_tokens":{{{cached}}},"cache_write_tokens":{{{written}}},"audio_tokens":{{{heard}}}},"completion_tokens_details":{"reasoning_tokens":{{{reasoning}}},"audio_tokens":{{{spoken}}}}}""");
            var anthropic = Anthropic(
                $$$"""{"input_tokens":{{{fresh}}},"cache_read_input_tokens":{{{cached}}},"cache_creation_input_tokens":{{{written}}},"cache_creation":{"ephemeral_5m_input_tokens":{{{written - written / 3}}},"ephemeral_1h_input_tokens":{{{written / 3}}}},"output_tokens":{{{produced}}},"output_tokens_details":{"thinking_tokens":{{{reasoning}}}},"server_tool_use":{"web_search_requests":{{{searches}}}}}""");
            var ollama = Read($$"""{"prompt_eval_count":{{input}},"eval_count":{{produced}}}""", ModelProvider.Ollama);

            Assert.Equal(new(fresh, output, cached, written, 0, reasoning, heard, spoken), openAI.Usage);
            Assert.Equal(new(fresh, output, cached, written - written / 3, written / 3, reasoning, WebSearches: searches), anthropic.Usage);
            Assert.Equal(input + heard + produced + spoken, openAI.Usage!.Total());
            Assert.Equal(input + produced, anthropic.Usage!.Total());
            if (ollama.Usage is { } counted) Assert.Equal(input + produced, counted.Total());
        }, iter: Iterations, threads: 1);

    [Fact]
    public void What_is_negative_not_a_number_too_large_or_absent_never_costs_zero() =>
        Gen.Select(OneOf(Inputs), OneOf(Outputs), OneOf(Inputs), OneOf(Outputs), Gen.Int[0, 2]).Sample((input, output, heard, spoken, members) =>
        {
            var audio = $$$""","prompt_tokens_details":{"audio_tokens":{{{heard}}}},"completion_tokens_details":{"audio_tokens":{{{spoken}}}}""";
            var searches = $$$""","server_tool_use":{"web_search_requests":{{{heard}}}}""";
            var openAI = OpenAI(members > 0
                ? $$"""{"prompt_tokens":{{input}},"completion_tokens":{{output}}{{(members > 1 ? audio : "")}}}""" : "{}");
            var anthropic = Anthropic(members > 0
                ? $$"""{"input_tokens":{{input}},"output_tokens":{{output}}{{(members > 1 ? searches : "")}}}""" : "{}");

            foreach (var reported in new[] { openAI, anthropic })
                Assert.True(reported.Usage is null || Prices.Of("m", reported.Usage)!.Usd > 0);
        }, iter: Iterations, threads: 1);

    static ReportedUsage OpenAI(string usage) => Read(usage, ModelProvider.OpenAI);

    static ReportedUsage Anthropic(string usage) => Read(usage, ModelProvider.Anthropic);

    static ReportedUsage Read(string counts, ModelProvider form)
    {
        var usage = new ModelUsage();
        usage.Add(new ChatResponseUpdate(ChatRole.Assistant, [new UsageReport(JsonSerializer.Deserialize<JsonElement>(counts), form)]));
        return usage.Result();
    }
}
