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
    public void A_long_name_is_cut_to_what_providers_take() =>
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

    static ModelRequest Asked(ToolUse use) => ModelRequest.Of(
        new() { Question = "Who?", Turns = [new Turn.Model("", [use])] }, new ModelStep("work", "Work."), "gpt", new Limits(),
        new ToolBox(null!, []));
}
