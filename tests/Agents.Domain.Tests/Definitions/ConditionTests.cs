using Agents.Domain.Definitions;

namespace Agents.Domain.Tests.Definitions;

public sealed class ConditionTests
{
    const string Judged =
        """{"good": false, "score": 7.50, "note": "too short", "none": null, "tags": ["a", 2, true], "orders": [{"id": "x-1", "unit price": 0.1}]}""";

    static readonly ConditionScope Scope = new(
        "What is RAG?", name => name is "tier" ? "free" : null,
        step => step switch
        {
            "judge" => Judged, "draft" => "a text", "first draft" => "42", "empty" => "", "broken" => """{"a":"\ud800"}""", _ => null,
        },
        step => step is "judge" ? 2 : 0);

    [Theory]
    [InlineData("output.judge.good == false")]
    [InlineData("not output.judge.good")]
    [InlineData("!output.judge.good && label.tier == 'free'")]
    [InlineData("output.judge.score >= 7.5 and output.judge.score < 8 and output.judge.score == 7.5")]
    [InlineData("output.judge.orders[0].id == \"x-1\"")]
    [InlineData("output.judge.orders[0][\"unit price\"] == 0.1")]
    [InlineData("output[\"first draft\"] == 42")]
    [InlineData("output.judge.tags contains 2 and output.judge.tags contains true and not (output.judge.tags contains \"2\")")]
    [InlineData("output.judge.note contains \"short\"")]
    [InlineData("output.draft == 'a text' and size(output.draft) == 6")]
    [InlineData("output.judge.none == null and output.judge.nothing == null and output.judge.orders[7].id == null")]
    [InlineData("output.unknown == null and output.draft.member == null")]
    [InlineData("output.empty == \"\" and size(output.empty) == 0")]
    [InlineData("size(output.judge) == 6 and size(output.judge.tags) == 3 and size(output.judge.none) == 0 and size(true) == 0")]
    [InlineData("visits.judge == 2 and visits.draft == 0")]
    [InlineData("question contains 'RAG' and label.none == null and label['tier'] != 'paid'")]
    [InlineData("false or true and true")]
    [InlineData("not (true and false) and not false")]
    [InlineData("\"b\" > \"a\" and 'it\\'s' == \"it's\" and -1.5 < 0")]
    [InlineData("1 == 1.0 and 0.1 != 0.10000000001")]
    public void A_condition_that_holds(string text) => Assert.True(Read(text).Holds(Scope));

    [Theory]
    [InlineData("output.judge.score == \"7.50\"")]
    [InlineData("output.judge.score < \"9\"")]
    [InlineData("output.judge.good == null")]
    [InlineData("output.draft > 1 or output.draft <= 1")]
    [InlineData("null < 1 or null >= 1")]
    [InlineData("question")]
    [InlineData("1")]
    [InlineData("output.judge == \"\"")]
    [InlineData("question contains 1 or 1 contains 1 or output.judge contains 'good'")]
    [InlineData("output.broken.a == 'x'")]
    [InlineData("true and false or false")]
    public void A_condition_that_does_not_hold_and_never_fails(string text) => Assert.False(Read(text).Holds(Scope));

    [Fact]
    public void Values_of_different_types_are_not_equal() => Assert.True(Read("1 != '1' and null != false and 'true' != true").Holds(Scope));

    [Theory]
    [InlineData("", "At character 1, a value is expected, not the end.")]
    [InlineData("output.judge.good ==", "At character 21, a value is expected, not the end.")]
    [InlineData("output.judge.good = false", "At character 19, \"and\", \"or\", a comparison or the end is expected, not \"=\".")]
    [InlineData("(true", "At character 6, \")\" is expected, not the end.")]
    [InlineData("true true", "At character 6, \"and\", \"or\", a comparison or the end is expected, not \"t\".")]
    [InlineData("output", "At character 7, the name of a step, as .name or [\"name\"], is expected, not the end.")]
    [InlineData("output.judge.", "At character 14, a member's name is expected, not the end.")]
    [InlineData("output.judge[x]", "At character 14, a position from 0 or a name in quotes is expected, not \"x\".")]
    [InlineData("output.judge[-1]", "At character 16, a position from 0 or a name in quotes is expected, not \"]\".")]
    [InlineData("'open", "At character 6, the ' that ends the text is expected, not the end.")]
    [InlineData("size output", "At character 6, \"(\" is expected, not \"o\".")]
    [InlineData("system('rm')", "At character 1, a value is expected, not \"s\".")]
    [InlineData("1.2.3 == 1", "At character 1, a number is expected, not \"1\".")]
    public void A_text_that_is_no_condition_says_where_and_what_was_expected(string text, string problem)
    {
        Assert.Null(Condition.Parse(text, out var found));
        Assert.Equal(problem, found);
    }

    [Fact]
    public void A_condition_is_bounded_in_length_and_nesting()
    {
        Assert.Null(Condition.Parse(new string(' ', 1_990) + "true == true", out var tooLong));
        Assert.Equal("A condition has at most 2,000 characters.", tooLong);
        Assert.True(Read(new string('(', 32) + "true" + new string(')', 32)).Holds(Scope));
        Assert.Null(Condition.Parse(new string('(', 33) + "true" + new string(')', 33), out var tooDeep));
        Assert.Equal("At character 34, it is nested more than 32 deep.", tooDeep);
        Assert.Null(Condition.Parse(new string('!', 1_000) + "true", out _));
        Assert.True(Read(string.Join(" or ", Enumerable.Repeat("false", 200)) + " or true").Holds(Scope));
    }

    [Fact]
    public void A_condition_knows_what_it_looks_at()
    {
        var condition = Read("output.a.b > 1 or not (size(output['c d']) == visits.e) and label.f == 'output.g'");

        Assert.Equal(["a", "c d"], condition.Outputs.Order());
        Assert.Equal(["e"], condition.Visits);
    }

    static Condition Read(string text) => Condition.Parse(text, out var problem) ?? throw new ArgumentException(problem, nameof(text));
}
