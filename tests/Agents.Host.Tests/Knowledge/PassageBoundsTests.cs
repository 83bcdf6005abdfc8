using System.Security.Cryptography;
using System.Text;
using Agents.Host.Knowledge;
using Microsoft.ML.Tokenizers;

namespace Agents.Host.Tests.Knowledge;

/// <summary>No passage is longer than it may be, whatever it is of; counted with a real tokenizer.</summary>
public sealed class PassageBoundsTests
{
    static readonly Lazy<Tokenizer> O200k = new(() => TiktokenTokenizer.CreateForEncoding("o200k_base"));

    public static TheoryData<string, string> Texts()
    {
        var noise = RandomNumberGenerator.GetBytes(30_000);
        var texts = new TheoryData<string, string>
        {
            { "base64", Convert.ToBase64String(noise) },
            { "hexadecimal", Convert.ToHexString(noise) },
            { "digits", string.Concat(noise.Select(value => value % 10)) },
            { "numbers", string.Join(' ', noise.Select(value => value * 7_919)) },
            { "json", string.Concat(Enumerable.Range(0, 3_000).Select(at => $"\"key_{at}\":{{\"value\":{at},\"isLast\":false}},")) },
            { "marks", string.Concat(Enumerable.Repeat("!?;:(){}[]<>#$%&*+-/=^~|", 400)) },
            { "emoji", string.Concat(Enumerable.Repeat("😀🐘🚲🧭🪗", 800)) },
            { "letters", string.Concat(noise.Select(value => (char)('a' + (value % 26)))) },
            { "long words", string.Concat(Enumerable.Repeat("internationalization compartmentalization characteristically ", 1_000)) },
            { "a line", new string('-', 20_000) },
            { "one letter", new string('x', 20_000) },
            { "columns", string.Concat(Enumerable.Repeat("a" + new string(' ', 60), 1_000)) },
            { "code", string.Concat(Enumerable.Repeat("await session.Events.FetchForWriting<Order>(id, ct).ConfigureAwait(false);", 200)) },
        };
        foreach (var (language, text, _) in ForeignDocuments.InLanguages) texts.Add(language, string.Concat(Enumerable.Repeat(text, 150)));
        return texts;
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_passage_has_at_most_2000_characters_and_400_tokens(string kind, string text)
    {
        foreach (var isLines in new[] { false, true })
        {
            var passages = Split(new Block(text, isLines));

            Assert.NotEmpty(passages);
            Assert.All(passages, passage => Assert.InRange(passage.Text.Length, 1, 2_000));
            var most = passages.Max(passage => O200k.Value.CountTokens(passage.Text));
            Assert.True(most <= 400, $"{kind}: {most} tokens");
            Assert.DoesNotContain(passages, passage => passage.Text.Contains('\uFFFD') || char.IsLowSurrogate(passage.Text[0]));
        }
    }

    [Fact]
    public void All_of_the_text_is_in_the_passages()
    {
        var text = string.Concat(Enumerable.Range(0, 3_000).Select(at => (char)(0x4E00 + at)));

        var passages = Split(new Block(text, IsLines: false));

        Assert.All(text.Chunk(2), pair => Assert.Contains(passages, passage => passage.Text.Contains(pair[0], StringComparison.Ordinal)));
        Assert.True(passages.Count < text.Length / 100, $"{passages.Count} passages are too many");
    }

    [Theory]
    [InlineData("图书馆九点开门。下午六点关门！真的吗？是的。", new[] { "图书馆九点开门。", "下午六点关门！", "真的吗？", "是的。" })]
    [InlineData("「もう行こう。」と言った。次の日。", new[] { "「もう行こう。」", "と言った。", "次の日。" })]
    [InlineData("यह पुस्तकालय है। यह खुला है।", new[] { "यह पुस्तकालय है।", "यह खुला है।" })]
    [InlineData("هل المكتبة مفتوحة؟ نعم.", new[] { "هل المكتبة مفتوحة؟", "نعم." })]
    public void Sentences_end_without_a_space_where_a_script_has_none(string text, string[] sentences) => Assert.Equal(sentences, Sentences.Of(text));

    [Fact]
    public void The_header_of_a_long_table_stands_above_the_rows_of_each_passage()
    {
        var table = "name | price | city\n" + string.Join('\n', Enumerable.Range(0, 300).Select(at => $"item {at} | {at}.50 | town {at}"));

        var passages = Split(new Block("Before the table.", IsLines: false), new Block(table, IsLines: true, "name | price | city"));

        Assert.True(passages.Count > 5);
        Assert.StartsWith("Before the table.\nname | price | city\nitem 0", passages[0].Text, StringComparison.Ordinal);
        Assert.All(passages.Skip(1), passage => Assert.StartsWith("name | price | city\nitem ", passage.Text, StringComparison.Ordinal));
        Assert.All(passages, passage => Assert.Equal(2, passage.Text.Split("name | price | city").Length));
        Assert.All(passages, passage => Assert.InRange(O200k.Value.CountTokens(passage.Text), 1, 400));
    }

    static List<SplitPassage> Split(params Block[] blocks) =>
        [.. Splitter.Split("Title", new ReadText("text/plain", null, [new Section([], blocks)]))];
}
