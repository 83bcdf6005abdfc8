using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Models;
using Agents.Host.Tools;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tests.Workers;

public sealed class ModelRequestTests
{
    [Theory]
    [InlineData("", "_")]
    [InlineData("\uFFFD", "_")]
    [InlineData("../../search documents", "______search_documents")]
    [InlineData("search_documents-2", "search_documents-2")]
    public void A_tool_that_was_called_by_no_proper_name_has_one_when_the_model_is_told_of_it(string called, string told)
    {
        var request = Asked(new ToolUse("c0001t001", called, "{}"));

        Assert.Equal(told, Assert.Single(request.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()).Name);
    }

    [Fact]
    public void A_argumentsname_is_cut_to_what_providers_take() =>
        Assert.Equal(64, Asked(new ToolUse("c0001t001", new('n', 1000), "{}")).Messages.SelectMany(message =>
            message.Contents).OfType<FunctionCallContent>().Single().Name.Length);

    [Theory]
    [InlineData("""{"word": "a\ud800b"}""")]
    [InlineData("""{"\ud800": 1}""")]
    [InlineData("""{"word": oops""")]
    [InlineData("[1]")]
    public void Arguments_that_could_not_be_sent_back_are_none(string arguments)
    {
        Assert.Null(ToolBox.ArgumentsOf(arguments));
        Assert.NotEmpty(Asked(new ToolUse("c0001t001", "repeat", arguments)).Hash());
    }

    [Fact]
    public void A_prompt_within_its_bound_is_sent_as_it_is()
    {
        var request = Told(most: 4_000, "a", "b");

        Assert.Equal(["a", "b"], Results(request));
    }

    [Fact]
    public void A_prompt_over_its_bound_loses_the_oldest_results_first_and_says_so()
    {
        var results = Enumerable.Range(0, 16).Select(number => new string((char)('a' + number), 2_000)).ToArray();

        var request = Told(most: 12_000, results);

        var told = Results(request);
        Assert.True(request.Messages.Sum(message => message.Contents.Sum(content => $"{Result(content)}".Length)) <= 12_000);
        Assert.All(told.Take(10), result => Assert.Matches("^[a-z]+\n\\[[0-9]+ characters are left out here: one prompt may hold 12000.\\]$", result));
        Assert.Equal(results[^1], told[^1]);
        Assert.Equal(results[^2], told[^2]);
        Assert.Equal(Told(most: 12_000, results).Hash(), request.Hash());
        Assert.Contains(request.Messages, message => message.Text == "Who?");
        Assert.Contains(request.Messages, message => message.Text == "Work.");
    }

    [Fact]
    public void Sixteen_whole_results_fit_into_the_usual_bound()
    {
        var limits = new Limits();
        var request = Told(most: null, [.. Enumerable.Repeat(new string('x', limits.ResultCharacters), limits.ToolCallsPerTurn)]);

        Assert.InRange(Results(request).Sum(result => (long)result.Length), limits.ResultCharacters, Limits.DefaultPromptCharacters);
    }

    [Fact]
    public void Long_arguments_are_left_out_before_newer_results_and_stay_an_object()
    {
        var arguments = "{\"word\":\"" + new string('x', 5_000) + "\"}";
        var request = ModelRequest.Of(
            new()
            {
                Question = "Who?",
                Turns = [new Turn.Model("", [new ToolUse("c0001t001", "repeat", arguments)]), new Turn.Tool("c0001t001", "said", [])],
            },
            new ModelStep("work", "Work."), "gpt", new Limits(PromptCharacters: 1_000), new ToolBox(null!, []));

        var call = Assert.Single(request.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        Assert.Equal("left_out", Assert.Single(call.Arguments!).Key);
        Assert.Equal(["said"], Results(request));
    }

    static ModelRequest Told(int? most, params string[] results) => ModelRequest.Of(
        new()
        {
            Question = "Who?",
            Turns =
            [
                new Turn.Model("", [.. results.Select((_, number) => new ToolUse($"t{number}", "look", "{}"))]),
                .. results.Select((result, number) => new Turn.Tool($"t{number}", result, [])),
            ],
        },
        new ModelStep("work", "Work."), "gpt", new Limits(PromptCharacters: most), new ToolBox(null!, []));

    static string[] Results(ModelRequest request) =>
        [.. request.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().Select(result => $"{result.Result}")];

    static object? Result(AIContent content) => content is TextContent text ? text.Text : (content as FunctionResultContent)?.Result;

    static ModelRequest Asked(ToolUse use) => ModelRequest.Of(
        new() { Question = "Who?", Turns = [new Turn.Model("", [use])] }, new ModelStep("work", "Work."), "gpt", new Limits(),
        new ToolBox(null!, []));
}
