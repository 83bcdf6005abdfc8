namespace Agents.Host.Knowledge;

/// <summary>Reduces English words to a common stem, so that "deletes", "deleted" and "deleting" meet.</summary>
/// <remarks>The algorithm of M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980), 130-137.</remarks>
public static class Stem
{
    static readonly (string Suffix, string By)[] Step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("abli", "able"), ("alli", "al"),
        ("entli", "ent"), ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"),
        ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"),
    ];

    static readonly (string Suffix, string By)[] Step3 =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    static readonly (string Suffix, string By)[] Step4 =
    [
        ("ement", ""), ("ance", ""), ("ence", ""), ("able", ""), ("ible", ""), ("ment", ""), ("sion", "s"), ("tion", "t"), ("ant", ""),
        ("ent", ""), ("ism", ""), ("ate", ""), ("iti", ""), ("ous", ""), ("ive", ""), ("ize", ""), ("al", ""), ("er", ""), ("ic", ""), ("ou", ""),
    ];

    /// <summary>The stem of a word in lower case. Words with anything but a to z, and words up to two letters, are their own stem.</summary>
    public static string Of(string word)
    {
        if (word.Length < 3 || !word.All(char.IsAsciiLetterLower)) return word;

        word = Plural(word);
        word = PastAndProgressive(word);
        if (word.EndsWith('y') && HasVowel(word[..^1])) word = word[..^1] + "i";
        word = Replace(word, Step2, 0);
        word = Replace(word, Step3, 0);
        word = Replace(word, Step4, 1);
        return WithoutFinalE(word);
    }

    static string Plural(string word) => word switch
    {
        _ when word.EndsWith("sses", StringComparison.Ordinal) || word.EndsWith("ies", StringComparison.Ordinal) => word[..^2],
        _ when word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) => word[..^1],
        _ => word,
    };

    static string PastAndProgressive(string word)
    {
        if (word.EndsWith("eed", StringComparison.Ordinal)) return Measure(word[..^3]) > 0 ? word[..^1] : word;

        var stem = word.EndsWith("ed", StringComparison.Ordinal) ? word[..^2] : word.EndsWith("ing", StringComparison.Ordinal) ? word[..^3] : null;
        if (stem is null || !HasVowel(stem)) return word;
        if (stem.EndsWith(
            "at", StringComparison.Ordinal) || stem.EndsWith("bl", StringComparison.Ordinal) || stem.EndsWith("iz", StringComparison.Ordinal))
            return stem + "e";
        if (stem.Length > 1 && stem[^1] == stem[^2] && !IsVowel(stem, stem.Length - 1) && stem[^1] is not ('l' or 's' or 'z')) return stem[..^1];
        return Measure(stem) == 1 && EndsInShortSyllable(stem) ? stem + "e" : stem;
    }

    static string Replace(string word, (string Suffix, string By)[] rules, int moreThan)
    {
        foreach (var (suffix, by) in rules)
        {
            if (!word.EndsWith(suffix, StringComparison.Ordinal)) continue;

            var stem = word[..^suffix.Length];
            return Measure(by is "s" or "t" ? stem + by : stem) > moreThan ? stem + by : word;
        }

        return word;
    }

    static string WithoutFinalE(string word)
    {
        if (word.EndsWith('e') && (Measure(word[..^1]) > 1 || (Measure(word[..^1]) == 1 && !EndsInShortSyllable(word[..^1])))) word = word[..^1];
        return word.EndsWith("ll", StringComparison.Ordinal) && Measure(word) > 1 ? word[..^1] : word;
    }

    static bool IsVowel(string word, int at) => word[at] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => true,
        'y' => at > 0 && !IsVowel(word, at - 1),
        _ => false,
    };

    static bool HasVowel(string word) => Enumerable.Range(0, word.Length).Any(at => IsVowel(word, at));

    static bool EndsInShortSyllable(string word) => word.Length >= 3 && !IsVowel(word, word.Length - 3) && IsVowel(word, word.Length - 2)
        && !IsVowel(word, word.Length - 1) && word[^1] is not ('w' or 'x' or 'y');

    /// <summary>How many times a vowel is followed by a consonant.</summary>
    static int Measure(string word)
    {
        var count = 0;
        for (var at = 1; at < word.Length; at++)
        {
            if (IsVowel(word, at - 1) && !IsVowel(word, at)) count++;
        }

        return count;
    }
}
