using Agents.Host.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace Agents.Host.Tests.Workers;

/// <summary>What a tool is told of arguments that it does not take.</summary>
public sealed class ToolBoxTests
{
    readonly ToolBox tools = new(new ServiceCollection().BuildServiceProvider().GetRequiredService<IServiceScopeFactory>(), [new(typeof(Add).Assembly)]);

    [Theory]
    [InlineData("count_words", """{"text":5}""", "The argument text of count_words is a number; it must be a text.")]
    [InlineData("count_words", """{"text":{"a":1}}""", "The argument text of count_words is an object; it must be a text.")]
    [InlineData("count_words", """{"text":[["a"]]}""", "The argument text of count_words is a list; it must be a text.")]
    [InlineData("triple", """{"number":"abc"}""", "The argument number of triple is a text; it must be a whole number.")]
    [InlineData("triple", """{"number":1e999999}""", "The argument number of triple is a number; it must be a whole number.")]
    [InlineData("triple", """{"number":true}""", "The argument number of triple is true or false; it must be a whole number.")]
    public async Task An_argument_of_another_type_is_named_with_what_it_must_be(string tool, string arguments, string message) =>
        Assert.Equal(message, (await Assert.ThrowsAsync<ArgumentException>(() => Run(tool, arguments))).Message);

    [Theory]
    [InlineData("""{"number":"2"}""")]
    [InlineData("""{"number":2,"more":{}}""")] // what a model adds is passed over
    public async Task Numbers_may_be_written_as_texts(string arguments) => Assert.Equal("6", (await Run("triple", arguments)).Text);

    Task<ToolResult> Run(string tool, string arguments) =>
        tools.Run(tool, arguments, new("default", Guid.Empty, 0, "s0000t001"), CancellationToken.None);
}

public static class Triple
{
    [Step("triple")]
    public static int Of(int number) => 3 * number;
}
