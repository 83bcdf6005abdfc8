using System.Text;
using Agents.Host.Knowledge;

namespace Agents.Host.Tests.Knowledge;

public sealed class EncodingTests
{
    [Fact]
    public void A_text_that_states_nothing_is_read_in_its_encoding()
    {
        Assert.True(ForeignDocuments.InEncodings.Count >= 8);
        Assert.Equal(
            ForeignDocuments.InEncodings,
            ForeignDocuments.InEncodings.Select(document =>
                (document.Charset, TextOf(Read(ForeignDocuments.Bytes(document.Charset, document.Text))))));
    }

    [Theory]
    [InlineData("text/plain; charset=windows-1252", "windows-1252", "Größe € 5")]
    [InlineData("text/plain;charset=\"ISO-8859-2\"", "iso-8859-2", "Książka łódź")]
    [InlineData("text/plain; charset=gbk", "gb18030", "图书馆")]
    [InlineData("text/plain; charset=utf-8", "utf-8", "Größe")]
    [InlineData("text/plain; charset=utf-8", "windows-1252", "Größe")] // what is stated is not so
    [InlineData("text/plain; charset=nonsense", "utf-8", "Größe")]
    [InlineData("text/plain; charset=iso-8859-1", "utf-8", "Größe")]
    [InlineData("text/plain; charset=us-ascii", "utf-8", "图书馆")]
    [InlineData("text/plain; charset=windows-1251", "utf-8", "Чай и книги")]
    [InlineData("text/plain; charset=tis-620", "windows-874", "รถ")] // two bytes that would be one letter of UTF-8
    public void The_charset_that_the_sender_states_decides_where_the_bytes_allow_it(string mediaType, string charset, string text) =>
        Assert.Equal(text, TextOf(Read(ForeignDocuments.Bytes(charset, text), mediaType)));

    [Theory]
    [InlineData("<meta charset=\"windows-1251\">", "windows-1251", "Чай")]
    [InlineData("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-7'>", "iso-8859-7", "βιβλίο")]
    [InlineData("<META CHARSET=shift_jis>", "shift_jis", "水")]
    [InlineData("<meta charset=\"iso-8859-1\">", "utf-8", "Größe")]
    public void A_page_may_state_its_charset(string meta, string charset, string text) =>
        Assert.Equal(text, TextOf(Read(ForeignDocuments.Bytes(charset, $"<!doctype html><html><head>{meta}</head><p>{text}</p>"), name: "a.html")));

    [Theory]
    [InlineData("a.txt")]
    [InlineData("a.md")]
    [InlineData("a.html")]
    public void No_replacement_character_is_stored_that_was_not_there(string name)
    {
        // One byte that is no UTF-8 in a text that is, a lone surrogate and NUL as references.
        byte[] damaged =
        [
            .. Encoding.UTF8.GetBytes("Größe, Maß, Übung, Äpfel, Öl: zwölf Bücher für fünf Köche, &#0; &#xD800; "), 0xE9,
            .. Encoding.UTF8.GetBytes(" schön."),
        ];

        var text = TextOf(Read(damaged, name: name));

        Assert.DoesNotContain('\uFFFD', text);
        Assert.Contains("fünf Köche", text, StringComparison.Ordinal);
        Assert.EndsWith("schön.", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_replacement_character_that_was_there_stays() =>
        Assert.Equal("It is \uFFFD.", TextOf(Read(Encoding.UTF8.GetBytes("It is \uFFFD."), name: "a.html")));

    [Fact]
    public void A_label_or_heading_that_is_cut_splits_no_character()
    {
        var read = Read(Encoding.UTF8.GetBytes("# " + string.Concat(Enumerable.Repeat("x😀", 150)) + "\n\nText."), name: "a.md");

        Assert.True(read.Title!.Length is > 150 and <= 200);
        Assert.Equal(read.Title, CleanText.Of(read.Title));
    }

    static ReadText Read(byte[] content, string? mediaType = null, string name = "a.txt") =>
        DocumentReader.Read(name, mediaType, content, new KnowledgeLimits());

    static string TextOf(ReadText read) => string.Join('\n', read.Sections.SelectMany(section => section.Blocks).Select(block => block.Text));
}
