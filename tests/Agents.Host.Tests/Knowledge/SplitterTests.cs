using Agents.Host.Knowledge;

namespace Agents.Host.Tests.Knowledge;

public sealed class SplitterTests
{
    [Fact]
    public void Passages_end_with_sentences_and_repeat_a_little_of_the_one_before()
    {
        var sentences = Enumerable.Range(1, 60).Select(at => $"Sentence number {at} says a few words more.").ToList();

        var passages = Split(new Block(string.Join(' ', sentences), IsLines: false));

        Assert.True(passages.Count > 2);
        Assert.All(passages, passage => Assert.EndsWith("more.", passage.Text, StringComparison.Ordinal));
        Assert.All(passages, passage => Assert.InRange(passage.Text.Split(' ').Length, 1, Splitter.Words));
        Assert.All(passages.Skip(1).Zip(passages), 
            pair => Assert.Contains(pair.First.Text.Split('.')[0], pair.Second.Text, StringComparison.Ordinal));
        Assert.All(sentences, sentence => Assert.Contains(passages, passage => passage.Text.Contains(sentence, StringComparison.Ordinal)));
    }

    [Fact]
    public void Lines_stay_lines_and_headings_are_joined_after_the_title()
    {
        var passage = Assert.Single(Split(new Block("Intro:", IsLines: false), new Block("if (x)\n    Run();", IsLines: true)));

        Assert.Equal(("Title › Above › Here", "Intro:\nif (x)\n    Run();"), (passage.Heading, passage.Text));
    }

    [Fact]
    public void A_word_without_end_is_cut()
    {
        var passages = Split(new Block(new string('x', 100_000), IsLines: false));

        Assert.True(passages.Sum(passage => passage.Text.Length) >= 100_000);
        Assert.All(passages, passage => Assert.DoesNotContain("\n\n", passage.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Use e.g. Marten. Then stop.", new[] { "Use e.g. Marten.", "Then stop." })]
    [InlineData("Version 9.1 is out! See \"here.\" Done", new[] { "Version 9.1 is out!", "See \"here.\"", "Done" })]
    public void Sentences_end_where_a_reader_would_end_them(string text, string[] sentences) => Assert.Equal(sentences, Sentences.Of(text));

    [Theory]
    [InlineData("caresses", "caress")]
    [InlineData("ponies", "poni")]
    [InlineData("hopping", "hop")]
    [InlineData("relational", "relat")]
    [InlineData("adoption", "adopt")]
    [InlineData("controlling", "control")]
    [InlineData("generalizations", "gener")]
    [InlineData("sky", "sky")]
    public void Words_are_stemmed_as_porter_published(string word, string stem) => Assert.Equal(stem, Stem.Of(word));

    [Fact]
    public void A_name_from_code_gives_itself_and_its_parts() => Assert.Equal(
        ["fetchforwritingasync", "fetch", "write", "async", "mt_version", "mt", "version"],
        Terms.Of("FetchForWritingAsync, mt_version").Select(term => term.Text));

    [Fact]
    public void Cleaning_clean_text_changes_nothing()
    {
        var once = CleanText.Of("a\0b\r\nc\uD800d\u202Ee\u200Bf\U0001F600g\U000E0041h");

        Assert.Equal("ab\ncdef\U0001F600gh", once);
        Assert.Equal(once, CleanText.Of(once));
    }

    static List<SplitPassage> Split(params Block[] blocks) =>
        [.. Splitter.Split("Title", new ReadText("text/plain", null, [new Section(["Above", "Here"], blocks)]))];
}
