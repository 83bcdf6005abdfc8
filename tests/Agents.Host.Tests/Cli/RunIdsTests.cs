using Agents.Host.Cli.Runs;

namespace Agents.Host.Tests.Cli;

public sealed class RunIdsTests
{
    static readonly Guid Id = Guid.Parse("01a20648-b58d-7f9b-a528-f81a3a5d6752");

    [Theory]
    [InlineData("01a2")]
    [InlineData("01a20648-b5")]
    [InlineData("01a20648b5")]
    [InlineData("3A5D6752")]
    [InlineData("6752")]
    public void A_run_is_named_by_the_beginning_or_the_end_of_its_id(string text) => Assert.True(RunIds.Abbreviates(text, Id));

    [Theory]
    [InlineData("b58d")]
    [InlineData("675")]
    [InlineData("01b2")]
    public void The_middle_of_an_id_and_fewer_than_four_characters_name_nothing(string text) => Assert.False(RunIds.Abbreviates(text, Id));

    [Fact]
    public void The_short_form_that_is_printed_names_the_run() => Assert.True(RunIds.Abbreviates(RunIds.Brief(Id), Id));

    [Theory]
    [InlineData("last")]
    [InlineData("6752")]
    [InlineData("01a20648-b58d-7f9b-a528-f81a3a5d6752")]
    public void Whatever_may_name_a_run_is_accepted(string text) => Assert.Null(RunIds.Problem(text));

    [Theory]
    [InlineData("")]
    [InlineData("675")]
    [InlineData("----")]
    [InlineData("zebra")]
    [InlineData("../x")]
    public void Whatever_cannot_name_a_run_is_refused_before_a_server_is_asked(string text) =>
        Assert.Contains("last", RunIds.Problem(text), StringComparison.Ordinal);
}
