using System.Text;
using System.Text.RegularExpressions;
using Agents.Domain.Runs;
using Agents.Host.Knowledge;

namespace Agents.Host.Engine.Requests;

/// <summary>
/// What two answers have in common, judged without a model: a claim is a sentence, and two are the same when their letters and digits are, whatever
/// the
/// case, the marks, the order of the sentences and the numbers of citations. So an answer in other words has other claims.
/// </summary>
/// <param name="SameCitations">Both rest on the same passages.</param>
/// <param name="SameClaims">Both say the same.</param>
/// <param name="OnlyInFirst">Claims that the second does not make, in order; at most 50.</param>
/// <param name="OnlyInSecond">Claims that the first does not make, in order; at most 50.</param>
/// <param name="CitedOnlyInFirst">Passages, by id, in order; at most 50.</param>
/// <param name="CitedOnlyInSecond">The same of the second.</param>
public sealed partial record AnswerComparison(
    bool SameCitations, bool SameClaims, IReadOnlyList<string> OnlyInFirst, IReadOnlyList<string> OnlyInSecond,
    IReadOnlyList<string> CitedOnlyInFirst, IReadOnlyList<string> CitedOnlyInSecond)
{
    const int MostShown = 50;

    public static AnswerComparison Of(
        string first, IEnumerable<Citation> citedByFirst, string second, IEnumerable<Citation> citedBySecond)
    {
        var (one, other) = (Claims(first), Claims(second));
        var (passages, others) = (Cited(citedByFirst), Cited(citedBySecond));
        return new(
            passages.SetEquals(others), one.Keys.ToHashSet().SetEquals(other.Keys),
            [.. one.Where(claim => !other.ContainsKey(claim.Key)).Select(claim => claim.Value).Take(MostShown)],
            [.. other.Where(claim => !one.ContainsKey(claim.Key)).Select(claim => claim.Value).Take(MostShown)],
            [.. passages.Except(others).Order(StringComparer.Ordinal).Take(MostShown)],
            [.. others.Except(passages).Order(StringComparer.Ordinal).Take(MostShown)]);
    }

    static HashSet<string> Cited(IEnumerable<Citation> citations) => [.. citations.Select(citation => citation.PassageId)];

    /// <summary>Each sentence by what is compared of it, in order.</summary>
    static OrderedDictionary<string, string> Claims(string answer)
    {
        var claims = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var sentence in answer.Split('\n').SelectMany(Sentences.Of))
            if (Essence(sentence) is { Length: > 0 } essence) claims.TryAdd(essence, sentence);
        return claims;
    }

    static string Essence(string sentence)
    {
        var words = new StringBuilder();
        foreach (var letter in Marker().Replace(sentence, "").Normalize(NormalizationForm.FormKC))
            if (char.IsLetterOrDigit(letter)) words.Append(char.ToLowerInvariant(letter));
        return words.ToString();
    }

    /// <summary>Such as <c>[1]</c> and <c>[2, 3]</c>.</summary>
    [GeneratedRegex(@"\[\d{1,4}(?:\s*,\s*\d{1,4})*\]")]
    private static partial Regex Marker();
}
