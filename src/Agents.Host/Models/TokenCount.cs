using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace Agents.Host.Models;

/// <summary>An upper bound of the tokens that a text is for a model.</summary>
public static partial class TokenCount
{
    /// <summary>What frames messages and describes tools is not public; so much more than the text alone is allowed for.</summary>
    const double Margin = 1.10;

    /// <summary>Longer texts are not worth the time to count them: their bytes are the bound.</summary>
    const int LongestCounted = 1_000_000;

    /// <summary>Read on first use: 200,000 pieces.</summary>
    static readonly Lazy<Tokenizer> O200k = new(() => TiktokenTokenizer.CreateForEncoding("o200k_base"));

    /// <summary>
    /// Counted with o200k and raised by a tenth for models of OpenAI's family; else the bytes, for no tokenizer makes more tokens than there are
    /// bytes.
    /// </summary>
    public static long AtMost(string model, string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        return IsOpenAI().IsMatch(model) && text.Length <= LongestCounted
            ? Math.Min(bytes, (long)Math.Ceiling(O200k.Value.CountTokens(text) * Margin))
            : bytes;
    }

    [GeneratedRegex("^(ft:)?(gpt-|chatgpt-|o[1-9](-|$))", RegexOptions.CultureInvariant)]
    private static partial Regex IsOpenAI();
}
