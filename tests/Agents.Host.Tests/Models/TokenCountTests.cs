using System.Text;
using Agents.Host.Models;

namespace Agents.Host.Tests.Models;

public sealed class TokenCountTests
{
    const string Text = "The quick brown fox jumps over the lazy dog. ";

    [Theory, InlineData("gpt-4o-mini"), InlineData("gpt-4o-2024-08-06"), InlineData("o3"), InlineData("o4-mini"), InlineData("chatgpt-4o-latest"),
        InlineData("ft:gpt-4o:me")]
    public void Text_for_OpenAIs_models_is_counted_in_their_tokens(string model) =>
        Assert.InRange(TokenCount.AtMost(model, string.Concat(Enumerable.Repeat(Text, 10))), 100, 112); // 10 tokens a sentence, a tenth more

    [Theory, InlineData("claude-haiku-4-5"), InlineData("llama3"), InlineData("offline-extractive-1"), InlineData("my-gpt-4o"), InlineData("olmo")]
    public void Text_for_others_is_bounded_by_its_bytes(string model) => Assert.Equal(Text.Length, TokenCount.AtMost(model, Text));

    [Theory, InlineData(""), InlineData("x"), InlineData("𒀀𒀁𒀂𒀃"), InlineData("\uFFFD\u0001\u0002"), InlineData("日本語のテキスト")]
    public void No_text_is_more_tokens_than_bytes(string text) =>
        Assert.InRange(TokenCount.AtMost("gpt-4o", text), text.Length > 0 ? 1 : 0, Encoding.UTF8.GetByteCount(text));
}
