using Agents.Domain.Runs;
using Agents.Host.Engine.Requests;

namespace Agents.Host.Tests.Runs;

public sealed class AnswerComparisonTests
{
    [Fact]
    public void The_same_sentences_are_the_same_claims_whatever_their_order_marks_and_numbers()
    {
        var same = AnswerComparison.Of(
            "A permit costs twelve euros [1]. Ask the front desk [2, 3]!", [Cited(1, "p1"), Cited(2, "p2")],
            "Ask the front desk [1].\n  A permit costs  twelve Euros. [2]", [Cited(1, "p2"), Cited(2, "p1")]);

        Assert.True(same.SameClaims);
        Assert.True(same.SameCitations);
        Assert.Empty(same.OnlyInFirst.Concat(same.OnlyInSecond).Concat(same.CitedOnlyInFirst).Concat(same.CitedOnlyInSecond));
    }

    [Fact]
    public void Another_number_is_another_claim_and_another_passage_another_ground()
    {
        var differs = AnswerComparison.Of(
            "A permit costs 12 euros [1]. Ask the desk.", [Cited(1, "p1")], "A permit costs 13 euros [1]. Ask the desk.", [Cited(1, "p2")]);

        Assert.False(differs.SameClaims);
        Assert.False(differs.SameCitations);
        Assert.Equal(["A permit costs 12 euros [1]."], differs.OnlyInFirst);
        Assert.Equal(["A permit costs 13 euros [1]."], differs.OnlyInSecond);
        Assert.Equal(["p1"], differs.CitedOnlyInFirst);
        Assert.Equal(["p2"], differs.CitedOnlyInSecond);
    }

    static Citation Cited(int number, string passage) => new(number, "d", 1, passage, "d.md", "D");
}
