using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Domain.Tests.Definitions;

public sealed class ModelParametersTests
{
    [Fact]
    public void The_runs_word_counts_over_the_steps_over_the_agents_each_parameter_by_itself()
    {
        var merged = ModelParameters.Of(
            run: new(Temperature: 0.1),
            step: new(Temperature: 0.2, TopP: 0.2, ParallelToolCalls: false),
            agent: new(Temperature: 0.3, TopP: 0.3, Seed: 3, ReasoningEffort: ReasoningEffort.High, ParallelToolCalls: true, CacheBreakpoints: true));

        Assert.Equal(new(0.1, 0.2, 3, ReasoningEffort.High, null, false, true), merged);
        Assert.True(ModelParameters.Of(null, null, null).IsSilent());
        Assert.False(merged.IsSilent());
    }

    [Fact]
    public void Texts_that_end_a_reply_are_taken_as_a_whole() =>
        Assert.Equal(["run"], ModelParameters.Of(new(Stop: ["run"]), new(Stop: ["step", "more"]), null).Stop);

    [Theory]
    [InlineData("""{"Temperature":-0.1}""", "A temperature is from 0 to 2.")]
    [InlineData("""{"Temperature":2.01}""", "A temperature is from 0 to 2.")]
    [InlineData("""{"TopP":0}""", "Top-p is above 0 and at most 1.")]
    [InlineData("""{"TopP":1.1}""", "Top-p is above 0 and at most 1.")]
    [InlineData("""{"Stop":[]}""", "There are 1 to 4 texts that end a reply.")]
    [InlineData("""{"Stop":["a","b","c","d","e"]}""", "There are 1 to 4 texts that end a reply.")]
    [InlineData("""{"Stop":["a",""]}""", "A text that ends a reply has 1 to 200 characters that can be stored.")]
    [InlineData("""{"Stop":["\u0000"]}""", "A text that ends a reply has 1 to 200 characters that can be stored.")]
    public void What_is_out_of_range_is_named(string json, string problem)
    {
        var parameters = JsonSerializer.Deserialize<ModelParameters>(json)!;

        Assert.Equal([problem], parameters.Problems());
        Assert.Equal([problem], (A.Assistant with { Parameters = parameters }).Problems());
        Assert.Equal([$"Step answer: {problem}"],
            (A.Assistant with { Steps = [new ModelStep("answer", "Help.") { Parameters = parameters }] }).Problems());
    }

    [Theory]
    [InlineData("""{"Temperature":0,"TopP":1,"Stop":["END"]}""")]
    [InlineData("""{"Temperature":2,"TopP":0.0001,"Stop":["a","b","c","d"],"Seed":-1,"ReasoningEffort":"Minimal"}""")]
    [InlineData("{}")]
    public void What_is_in_range_is_fine(string json) => Assert.Empty(JsonSerializer.Deserialize<ModelParameters>(json)!.Problems());

    [Fact]
    public void Every_parameter_takes_part_in_the_hash_of_a_definition_and_none_changes_it_where_none_is_set()
    {
        var hashes = new ModelParameters?[]
        {
            null, new(), new(0.5), new(TopP: 0.5), new(Seed: 1), new(ReasoningEffort: ReasoningEffort.Low), new(Stop: ["END"]),
            new(ParallelToolCalls: true), new(CacheBreakpoints: true),
        }.Select(parameters => (A.Assistant with { Parameters = parameters }).Hash()).ToList();

        Assert.Equal(hashes.Count, hashes.Distinct().Count());
        Assert.Equal(A.Assistant.Hash(), hashes[0]);
    }
}
