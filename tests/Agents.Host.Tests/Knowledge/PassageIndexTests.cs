using Agents.Domain.Runs;
using Agents.Host.Knowledge;

namespace Agents.Host.Tests.Knowledge;

public sealed class PassageIndexTests : KnowledgeTest
{
    [Theory]
    [InlineData("")]
    [InlineData("the of and")]
    [InlineData("pump & | ! :* <-> ( 'quote'' \\ \"x\"")]
    [InlineData("pump\0 oil")]
    [InlineData("\uD800 pump")]
    [InlineData("'; drop table agents.document; --")]
    [InlineData("日本語 ポンプ")]
    public async Task An_odd_query_never_fails(string query)
    {
        await Add(Ada, "pump.md", "# Pump\n\nThe pump needs oil.");

        var found = await Index.Search(Ada, query, 5);

        Assert.Equal(query.Contains("pump", StringComparison.Ordinal) ? 1 : 0, found.Count);
    }

    [Fact]
    public async Task A_very_long_query_is_cut_and_answered()
    {
        await Add(Ada, "pump.md", "# Pump\n\nThe pump needs oil.");

        var query = "pump " + string.Concat(Enumerable.Range(0, 3_000).Select(at => $"word{at} "));

        Assert.Single(await Index.Search(Ada, query, 5));
    }

    [Fact]
    public async Task Nothing_is_found_where_nothing_was_read() => Assert.Empty(await Index.Search("nobody", "pump", 5));

    [Fact]
    public async Task A_heading_counts_more_than_a_mention()
    {
        await Add(Ada, "a.md", "# Valves\n\nA valve may be near a pump in the hall.");
        await Add(Ada, "b.md", "# Pump\n\nIt needs oil in the hall every other day.");
        await Add(Ada, "c.md", "# Hall\n\nThe hall has doors and windows.");

        Assert.Equal("b.md", (await Index.Search(Ada, "pump", 5))[0].Source);
    }

    [Theory]
    [InlineData("FetchForWritingAsync")]
    [InlineData("fetchforwritingasync")]
    [InlineData("how to fetch for writing")]
    public async Task A_name_from_code_is_found_whole_and_by_its_parts(string query)
    {
        await Add(Ada, "a.md", "# Streams\n\nCall `session.FetchForWritingAsync<T>(id)` first.");
        await Add(Ada, "b.md", "# Colours\n\nThe house is green.");

        Assert.Equal("a.md", (await Index.Search(Ada, query, 5))[0].Source);
    }

    [Fact]
    public async Task No_more_passages_than_the_bound_are_returned()
    {
        foreach (var at in Enumerable.Range(0, 60)) await Add(Ada, $"{at}.md", $"Pump number {at} needs oil.");

        Assert.Equal(50, (await Index.Search(Ada, "number oil", 1_000)).Count);
        Assert.Empty(await Index.Search(Ada, "pump", -1));
    }

    [Fact]
    public void Fused_lists_put_first_what_several_of_them_have()
    {
        var fused = PassageIndex.Fuse([[P("a"), P("b")], [P("b"), P("c")]]).ToList();

        Assert.Equal(["b", "a", "c"], fused.Select(passage => passage.PassageId));
        Assert.Equal((1.0 / 61) + (1.0 / 62), fused[0].Score, 9);

        static Passage P(string id) => new(id, 1, id, id, id, id, 1);
    }

    [Fact]
    public async Task Several_queries_give_one_list()
    {
        await Add(Ada, "a.md", "Pumps need oil.");
        await Add(Ada, "b.md", "Valves need grease.");

        var found = await Index.Search(Ada, ["pump", "valve", "", "pump"], 5);

        Assert.Equal(["a.md", "b.md"], found.Select(passage => passage.Source).Order());
    }
}
