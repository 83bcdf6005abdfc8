using System.Text;
using Agents.Domain.Runs;
using CsCheck;

namespace Agents.Domain.Tests.Runs;

public sealed class SanitiserTests
{
    static readonly Gen<string> HostileText = Gen.OneOf(
        Gen.Char['\0', '\x02'], Gen.Char['a', 'c'], Gen.Char['\uD7FE', '\uE001'], Gen.Char['\uD83D', '\uD83E'], Gen.Char['\uDE00', '\uDE02'])
        .Array[0, 40].Select(characters => new string(characters));

    [Theory]
    [InlineData(null, 9, "")]
    [InlineData("plain", 9, "plain")]
    [InlineData("a\0b\0", 9, "ab")]
    [InlineData("😀😀", 4, "😀😀")]
    [InlineData("😀😀", 3, "😀")]
    [InlineData("😀", 1, "")]
    [InlineData("\0\0ab", 2, "ab")]
    [InlineData("abc", 0, "")]
    public void What_a_store_cannot_keep_is_taken_out(string? text, int maxLength, string expected) =>
        Assert.Equal(expected, Sanitiser.Text(text, maxLength));

    [Fact] // not a theory: attributes are stored as UTF-8, which changes lone surrogates
    public void A_lone_surrogate_is_replaced()
    {
        Assert.Equal("a\uFFFD", Sanitiser.Text("a\uD83D", 9));
        Assert.Equal("\uFFFDa", Sanitiser.Text("\uDE00a", 9));
        Assert.Equal("\uFFFD\uFFFD", Sanitiser.Text("\uDE00\uD83D", 9));
        Assert.Equal("\uFFFD", Sanitiser.Text("\uD83Da", 1));
    }

    [Fact]
    public void Clean_text_is_handed_back_as_it_is()
    {
        var text = new string('x', 1000) + "😀";

        Assert.Same(text, Sanitiser.Text(text, text.Length));
    }

    [Fact]
    public void Any_text_becomes_bounded_text_that_survives_utf8_and_a_second_cleaning() =>
        Gen.Select(HostileText, Gen.Int[0, 45]).Sample((text, maxLength) =>
        {
            var clean = Sanitiser.Text(text, maxLength);

            Assert.True(clean.Length <= maxLength);
            Assert.DoesNotContain('\0', clean);
            Assert.Equal(clean, Encoding.UTF8.GetString(new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(clean)));
            Assert.Equal(clean, Sanitiser.Text(clean, maxLength));
        });

    [Fact]
    public void Cutting_earlier_only_shortens() =>
        Gen.Select(HostileText, Gen.Int[0, 45]).Sample((text, maxLength) =>
            Assert.StartsWith(Sanitiser.Text(text, maxLength), Sanitiser.Text(text, 100), StringComparison.Ordinal));
}
