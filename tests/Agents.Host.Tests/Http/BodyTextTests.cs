using System.Text;
using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Http;
using CsCheck;

namespace Agents.Host.Tests.Http;

public sealed class BodyTextTests
{
    static readonly Gen<string> Text = Gen.OneOf(
        Gen.Char['\0', '\x02'], Gen.Char['a', 'c'], Gen.Char['\uD7FE', '\uE001'], Gen.Char['\uD83D', '\uD83E'], Gen.Char['\uDE00', '\uDE02'],
        Gen.Const('\\'), Gen.Const('u'), Gen.Const('0')).Array[0, 12].Select(units => new string(units));

    [Fact]
    public void Escaped_text_of_a_body_is_what_the_text_itself_would_be_made() => Text.Sample(text =>
    {
        var json = Encoding.ASCII.GetBytes($"\"{string.Concat(text.Select(Escaped))}\"");

        var left = BodyText.Clean(json);

        Assert.Equal(Sanitiser.Text(text, int.MaxValue), JsonSerializer.Deserialize<string>(json.AsSpan(0, left)));
    }, iter: 2000);

    static string Escaped(char unit) => unit == '\\' ? "\\\\" : unit is < ' ' or > '~' ? $"\\u{(int)unit:x4}" : $"{unit}";

    [Theory]
    [InlineData("""{"a":"plain","b":[1,2]}""", """{"a":"plain","b":[1,2]}""")]
    [InlineData("""{"a":"\n\\u0000\u0041"}""", """{"a":"\n\\u0000\u0041"}""")]
    [InlineData("""{"a":"x\u0000y"}""", """{"a":"xy"}""")]
    [InlineData("""{"a":"\ud83d\ude00\ud83d"}""", """{"a":"\ud83d\ude00\ufffd"}""")]
    [InlineData("""{"a":"\u""", """{"a":"\u""")]
    [InlineData("""{"a":"\""", """{"a":"\""")]
    public void Only_what_cannot_be_stored_is_changed(string json, string clean)
    {
        var bytes = Encoding.UTF8.GetBytes(json);

        Assert.Equal(clean, Encoding.UTF8.GetString(bytes.AsSpan(0, BodyText.Clean(bytes))));
    }
}
