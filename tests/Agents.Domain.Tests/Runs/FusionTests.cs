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
    public void Nothing_found_is_nothing() => Assert.Empty(Fused("", ""));

    static IEnumerable<string> Fused(params string[] rankings) => Fusion
        .Of(rankings.Select(ranking => ranking.Select(letter => A.Passage(letter.ToString())).ToList()))
        .Select(passage => passage.PassageId);
}
