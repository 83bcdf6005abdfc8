using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

public sealed class CitationsTests
{
    static readonly Passage[] Sources = [A.Passage("p"), A.Passage("q"), A.Passage("r")];

    [Theory]
    [InlineData("It is so [1].", "1")]
    [InlineData("[2] comes first here, then [1].", "2 1")]
    [InlineData("Twice [1], once [1].", "1")]
    [InlineData("Both [1, 3] and [2,3].", "1 3 2")]
    [InlineData("Side by side [1][2]", "1 2")]
    [InlineData("Nothing.", "")]
    [InlineData("", "")]
    [InlineData("Made up [4], [0] and [9999].", "")]
    [InlineData("No number [a], [1a], [], [-1], [1.5], [12345].", "")]
    [InlineData("Digits of other scripts are words [\u0663], not [\u0967].", "")]
    [InlineData("One of them is made up [7, 2].", "2")]
    public void A_text_cites_the_passages_it_names_in_the_order_it_names_them(string text, string numbers) =>
        Assert.Equal(numbers, string.Join(' ', Citations.In(text, Sources, []).Select(citation => citation.Number)));

    [Fact]
    public void A_citation_says_where_the_passage_is_from() =>
        Assert.Equal(new Citation(2, "doc-q", 1, "q", "q.md", "Title of q"), Assert.Single(Citations.In("So [2].", Sources, [])));

    [Fact]
    public void Words_taken_over_literally_are_quoted() =>
        Assert.Equal(["Text of q", null], Citations.In("So [2], and so [3].", Sources, [(2, "Text of q")]).Select(citation => citation.Quote));

    [Fact]
    public void Without_passages_there_are_no_citations() => Assert.Empty(Citations.In("So [1].", [], []));
}
