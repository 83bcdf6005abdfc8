using Agents.Domain.Definitions;

namespace Agents.Domain.Tests.Definitions;

public sealed class ArgumentBindingTests
{
    [Theory]
    [InlineData("one\ntwo", "one|two")]
    [InlineData("1. one\n2. two\n12. twelve", "one|two|twelve")]
    [InlineData("1) one\n2) two", "one|two")]
    [InlineData("- one\n* two", "one|two")]
    [InlineData("  - one  \r\n\r\n\t2.  two\r\n", "one|two")]
    [InlineData("one\n- one\n1. one", "one")]
    [InlineData("2024 was the year\n3.5 percent\n-5 degrees\n1.one\n100. hundred", "2024 was the year|3.5 percent|-5 degrees|1.one|100. hundred")]
    [InlineData("", "the question")]
    [InlineData(" \n\n ", "the question")]
    public void Each_line_is_one_call_without_its_list_mark(string lines, string queries)
    {
        var step = Step(("query", new Argument.EachLine("plan")));

        Assert.Equal(queries.Split('|').Select(query => $$"""{"query":"{{query}}"}"""), Bind(step, lines));
    }

    [Fact]
    public void Without_lines_there_is_one_call()
    {
        var step = Step(("a", new Argument.Question()), ("b", new Argument.Output("plan")), ("c", new Argument.Text("fixed")));

        Assert.Equal(["""{"a":"the question","b":"one\ntwo","c":"fixed"}"""], Bind(step, "one\ntwo"));
    }

    [Fact]
    public void The_other_arguments_are_the_same_for_every_line()
    {
        var step = Step(("a", new Argument.Text("fixed")), ("b", new Argument.EachLine("plan")));

        Assert.Equal(["""{"a":"fixed","b":"one"}""", """{"a":"fixed","b":"two"}"""], Bind(step, "one\ntwo"));
    }

    [Fact]
    public void A_label_of_the_run_may_be_an_argument_and_is_left_out_when_there_is_none() =>
        Assert.Equal(["""{"a":"label sources"}"""], Bind(Step(("a", new Argument.Label("sources")), ("b", new Argument.Label("none"))), ""));

    [Fact]
    public void No_more_lines_are_read_than_calls_may_be_made()
    {
        var (step, lines) = (Step(("a", new Argument.EachLine("plan"))), string.Join('\n', Enumerable.Range(0, 100_000).Select(n => $"{n}, again")));

        Assert.Equal(["""{"a":"0, again"}""", """{"a":"1, again"}"""], ArgumentBinding.Bind(step, Sources(lines), most: 2));
        Assert.Equal((2, 1, 1), (ArgumentBinding.CallsOf(step, Sources(lines), most: 2), ArgumentBinding.CallsOf(step, Sources(""), most: 2),
            ArgumentBinding.CallsOf(Step(), Sources(lines), most: 2)));

        var before = GC.GetAllocatedBytesForCurrentThread();
        ArgumentBinding.Bind(step, Sources(lines), most: 2);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void A_tool_without_arguments_is_called_once_with_none() => Assert.Equal(["{}"], Bind(Step(), "one\ntwo"));

    static ToolStep Step(params (string Name, Argument Argument)[] arguments) =>
        new("search", new("search_documents"), arguments.ToDictionary(argument => argument.Name, argument => argument.Argument));

    static IReadOnlyList<string> Bind(ToolStep step, string plan) =>
        ArgumentBinding.Bind(step, Sources(plan), most: 100);

    static ArgumentSources Sources(string plan) => new(
        "the question", name => name == "plan" ? plan : throw new ArgumentException(name), name => name == "none" ? "" : $"label {name}");
}
