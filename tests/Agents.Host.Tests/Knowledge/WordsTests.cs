using Agents.Host.Knowledge;
using Agents.Host.Knowledge.Words;

namespace Agents.Host.Tests.Knowledge;

public sealed class WordsTests
{
    /// <summary>Two ways to write the same word.</summary>
    [Theory]
    [InlineData("caf\u00E9", "cafe\u0301")] // one character or two
    [InlineData("café", "cafe")]
    [InlineData("CAFÉ", "café")]
    [InlineData("o\uFB03ce", "office")] // a ligature
    [InlineData("ｃａｆｅ１２", "cafe12")] // full-width
    [InlineData("Straße", "STRASSE")]
    [InlineData("İstanbul", "istanbul")]
    [InlineData("ılık", "ilik")]
    [InlineData("smørrebrød", "smorrebrod")]
    [InlineData("Łódź", "lodz")]
    [InlineData("encyclopædia", "encyclopaedia")]
    [InlineData("الْمَكْتَبَة", "المكتبة")] // vowel signs
    [InlineData("كـــتاب", "كتاب")] // lengthened
    [InlineData("أحمد", "احمد")]
    [InlineData("\uFEDB\uFE98\uFE8E\uFE8F", "كتاب")] // forms of presentation, as PDFs have them
    [InlineData("کتاب", "كتاب")] // the Persian kaf
    [InlineData("٢٠٢٦", "2026")]
    [InlineData("ёлка", "елка")]
    [InlineData("чаи\u0306ник", "чайник")]
    [InlineData("ΒΙΒΛΙΟΘΉΚΗΣ", "βιβλιοθηκησ")]
    [InlineData("שָׁלוֹם", "שלום")]
    [InlineData("\uFF76\uFF9E\uFF72\uFF84\uFF9E", "ガイド")] // half-width Kana
    [InlineData("か\u3099いと", "がいと")]
    [InlineData("\u1112\u1161\u11AB\u1100\u1173\u11AF", "한글")] // Korean letter by letter
    public void Ways_to_write_a_word_meet(string one, string other) => Assert.Equal(Whole(other), Whole(one));

    [Theory]
    [InlineData("йод", "иод")] // the short i is a letter of its own
    [InlineData("か", "が")]
    [InlineData("كتاب", "كاتب")]
    public void Different_words_stay_different(string one, string other) => Assert.NotEqual(Whole(other), Whole(one));

    [Theory]
    [InlineData("Übung", "Uebung")]
    [InlineData("Größe", "Groesse")]
    [InlineData("smørrebrød", "smoerrebroed")]
    [InlineData("Åse", "Aase")]
    public void A_word_is_found_as_it_is_spelled_without_its_letters(string one, string other)
    {
        Assert.NotEmpty(Terms.Set(one).Intersect(Terms.Set(other)));
        Assert.Equal(TermKind.Part, Terms.Of(one).Last().Kind); // counts half
    }

    [Fact]
    public void A_word_that_folds_to_nothing_is_no_term()
    {
        var random = new Random(14);
        var anything = string.Concat(Enumerable.Range(0, 100_000).Select(_ => (char)random.Next(0x20, 0xD800)));

        Assert.Empty(Terms.Of("\u0301 \u0640 _ \u0301\u0302 \u064B"));
        Assert.DoesNotContain(Terms.Of(anything), term => term.Text.Length == 0);
    }

    [Fact]
    public void Scripts_without_spaces_give_neighbours_and_single_letters_as_parts()
    {
        Assert.Equal(["开放", "放时", "时间"], Terms.Of("开放时间", withSingles: false).Select(term => term.Text));
        Assert.Equal(["水"], Terms.Of("水", withSingles: false).Select(term => term.Text));
        Assert.Equal(["很冷", "很", "冷"], Terms.Of("很冷").Select(term => term.Text));
        Assert.Equal(["api", "开放", "v2"], Terms.Of("API开放v2", withSingles: false).Select(term => term.Text));
        Assert.Equal(["\U00020000\U00020001"], Terms.Of("\U00020000\U00020001", withSingles: false).Select(term => term.Text));
        Assert.Equal(2, Terms.Of("หนัง", withSingles: false).Count()); // three letters, one with a vowel above it
    }

    [Theory]
    [InlineData(Language.English, "generalizations", "gener")]
    [InlineData(Language.German, "hauser", "haus")]
    [InlineData(Language.French, "chevaux", "cheval")]
    [InlineData(Language.Spanish, "canciones", "cancion")]
    [InlineData(Language.English, "книгами", "книг")] // what is not Latin knows its rules
    public void Words_are_stemmed_by_the_rules_of_their_language(Language language, string word, string stem) =>
        Assert.Equal(stem, Stem.Of(word, language));

    [Theory]
    [MemberData(nameof(Languages))]
    public void The_language_of_a_text_is_told(string text, Language language) => Assert.Equal(language, Host.Knowledge.Words.Languages.Of(text));

    public static TheoryData<string, Language> Languages() => new()
    {
        { Text("german"), Language.German },
        { Text("french"), Language.French },
        { Text("spanish"), Language.Spanish },
        { Text("portuguese"), Language.Portuguese },
        { Text("italian"), Language.Italian },
        { Text("turkish"), Language.Turkish },
        { Text("finnish"), Language.Finnish },
        { Text("chinese"), Language.English },
        { "The library is by the river and open from nine to six. The old houses beside it belong to the town.", Language.English },
        { "var session = store.LightweightSession(); session.Store(user); await session.SaveChangesAsync();", Language.English },
    };

    static string Text(string language) => ForeignDocuments.InLanguages.Single(document => document.Language == language).Text;

    static string Whole(string text) => string.Join(' ', Terms.Of(text, withSingles: false).Select(term => term.Text).Take(1));
}
