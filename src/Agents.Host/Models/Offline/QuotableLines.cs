using System.Text.RegularExpressions;
using Agents.Host.Knowledge;

namespace Agents.Host.Models.Offline;

/// <summary>Cuts a passage into what makes sense when quoted alone.</summary>
static partial class QuotableLines
{
    const int LinesOfCode = 6;

    /// <summary>Sentences; list items and table rows; code in pieces of a few lines. Each stands literally in the text.</summary>
    public static IEnumerable<string> Of(string text)
    {
        var code = new List<string>();
        foreach (var line in text.Split('\n'))
        {
            if (IsCode(line) && code.Count < LinesOfCode)
            {
                code.Add(line);
                continue;
            }

            if (code.Count > 0) yield return string.Join('\n', code).Trim();
            code.Clear();
            if (IsCode(line)) code.Add(line);
            else foreach (var sentence in Sentences.Of(line)) yield return sentence;
        }

        if (code.Count > 0) yield return string.Join('\n', code).Trim();
    }

    /// <summary>Whether a line looks like code: it ends like code, is indented, or has the marks of a call or an assignment.</summary>
    public static bool IsCode(string line) => Code().IsMatch(line);

    [GeneratedRegex(@"^(?:\s{2,}\S|\t)|[;{}]\s*$|^\s*(?://|/\*|\*/|[})\]]|--\s|\$ |<\w|@\w|\[\w+[\](])|\w\(.*\)\s*[;,.]?\s*$|^\s*\w+ = |=>")]
    private static partial Regex Code();
}
