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
    public async Task A_search_may_keep_to_documents_whose_name_begins_so()
    {
        await Add(Ada, "north/pumps.md", "Pumps need oil.");
        await Add(Ada, "south/pumps.md", "Pumps need oil too.");

        Assert.Equal("south/pumps.md", Assert.Single(await Index.Search(Ada, "pump oil", 5, "south/")).Source);
        Assert.Empty(await Index.Search(Ada, "pump oil", 5, "%"));
    }
}
