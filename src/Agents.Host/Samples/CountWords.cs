using Agents.Host.Tools;

namespace Agents.Host.Samples;

/// <summary>
/// Counts the words of a text, which a model cannot do well: a condition can then send the text back to be shortened. To write another code step,
/// copy this file: a name that is never changed, parameters that the step's arguments are bound to by name, and a result that becomes the step's
/// output.
/// </summary>
public static class CountWords
{
    /// <param name="Words">What stands between white space.</param>
    /// <param name="Characters">UTF-16 units.</param>
    public sealed record Count(int Words, int Characters);

    [Step("count_words")]
    public static Count Of(string text) => new(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, text.Length);
}
