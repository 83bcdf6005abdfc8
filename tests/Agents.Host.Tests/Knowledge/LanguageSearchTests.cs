using Agents.Host.Knowledge;

namespace Agents.Host.Tests.Knowledge;

public sealed class LanguageSearchTests : KnowledgeTest
{
    [Fact]
    public async Task A_passage_in_any_of_many_languages_is_found_by_a_word_of_it()
    {
        foreach (var (language, text, _) in ForeignDocuments.InLanguages) await Add(Ada, $"{language}.txt", text);

        var found = new List<(string Language, string? First)>();
        foreach (var (language, _, query) in ForeignDocuments.InLanguages)
            found.Add((language, await Index.Search(Ada, query, 5) is [var best, ..] ? best.Source : null));

        Assert.True(ForeignDocuments.InLanguages.Count >= 12);
        Assert.Equal(ForeignDocuments.InLanguages.Select(document => (document.Language, (string?)$"{document.Language}.txt")), found);
    }

    [Theory]
    [InlineData("Das Café öffnet um neun. Die Übungen sind für alle.", "cafe")]
    [InlineData("Das Cafe öffnet um neun.", "cafe\u0301")]
    [InlineData("Die Übungen sind für alle.", "Uebung")]
    [InlineData("Die Uebungen sind fuer alle, und das ist gut.", "übung")]
    [InlineData("Die Straße ist nass, und der Fluss ist es auch.", "STRASSE")]
    [InlineData("Read the o\uFB03ce hours.", "office")]
    [InlineData("市立図書館は川の近くにあります。", "図書館はどこですか")]
    public async Task A_word_is_found_however_it_is_written(string text, string query)
    {
        await Add(Ada, "a.txt", text);

        Assert.Single(await Index.Search(Ada, query, 5));
    }

    [Fact]
    public async Task What_a_text_does_not_have_is_not_found()
    {
        await Add(Ada, "a.txt", "市立图书馆位于河边。开放时间是周一至周五。");

        Assert.Empty(await Index.Search(Ada, "电影", 5));
        Assert.Empty(await Index.Search(Ada, "水", 5));
    }

    [Fact]
    public async Task Languages_of_other_tenants_do_not_matter()
    {
        await Add(Bob, "bob.txt", "Die alten Häuser gehören der Stadt, und sie sind schön.");
        await Add(Ada, "ada.txt", "The old houses belong to the town, and they are fine.");

        Assert.Equal(["English"], await LanguagesOf(Ada));
        Assert.Equal(["German"], await LanguagesOf(Bob));
    }

    async Task<List<string>> LanguagesOf(string tenant)
    {
        await using var command = Database.CreateCommand("select language from agents.document_language where tenant_id = $1");
        command.Parameters.Add(new() { Value = tenant });
        await using var rows = await command.ExecuteReaderAsync();
        var languages = new List<string>();
        while (await rows.ReadAsync()) languages.Add(rows.GetString(0));
        return languages;
    }
}
