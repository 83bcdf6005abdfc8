using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

public sealed class FusionTests
{
    [Fact]
    public void One_ranking_keeps_its_order() => Assert.Equal(["a", "b", "c"], Fused("abc"));

    [Fact]
    public void A_passage_in_two_rankings_beats_the_first_of_one() => Assert.Equal(["b", "a", "c"], Fused("ab", "cb"));

    [Fact]
    public void Ties_keep_the_order_in_which_they_were_seen() => Assert.Equal(["a", "b", "c"], Fused("a", "b", "c"));

    [Fact]
    public void Further_passages_of_a_document_let_other_documents_up()
    {
        var ranking = new[] { "a", "b", "c" }.Select(id => A.Passage(id) with { DocumentId = "one" })
            .Append(A.Passage("d") with { DocumentId = "two" }).ToList();

        Assert.Equal(["a", "d", "b", "c"], Fusion.Of([ranking]).Select(passage => passage.PassageId));
    }

    [Fact]
    public void Nothing_found_is_nothing() => Assert.Empty(Fused("", ""));

    static IEnumerable<string> Fused(params string[] rankings) => Fusion
        .Of(rankings.Select(ranking => ranking.Select(letter => A.Passage(letter.ToString())).ToList()))
        .Select(passage => passage.PassageId);
}
