using System.Collections.Frozen;
using Agents.Host.Knowledge.Words;
using Lucene.Net.Analysis.Ar;
using Lucene.Net.Analysis.Cz;
using Lucene.Net.Analysis.El;
using Lucene.Net.Analysis.Hi;
using Lucene.Net.Analysis.Id;
using Lucene.Net.Tartarus.Snowball;
using Lucene.Net.Tartarus.Snowball.Ext;

namespace Agents.Host.Knowledge;

/// <summary>Reduces words to a common stem, so that "deletes", "deleted" and "deleting" meet, and "Häuser" and "Haus".</summary>
/// <remarks>
/// The rules are those of snowballstem.org, for English Porter's, "An algorithm for suffix stripping", Program 14 (1980), 130-137; for Greek,
/// Arabic, Hindi, Czech and Indonesian Lucene's. They are applied to folded words: what a reader leaves out must not decide.
/// </remarks>
public static class Stem
{
    const int ShortestWord = 3;
    const char LatinEnd = '\u0250';

    static readonly FrozenDictionary<Language, Func<SnowballProgram>> Rules = new Dictionary<Language, Func<SnowballProgram>>
    {
        [Language.English] = () => new PorterStemmer(),
        [Language.German] = () => new GermanStemmer(),
        [Language.French] = () => new FrenchStemmer(),
        [Language.Spanish] = () => new SpanishStemmer(),
        [Language.Portuguese] = () => new PortugueseStemmer(),
        [Language.Italian] = () => new ItalianStemmer(),
        [Language.Dutch] = () => new DutchStemmer(),
        [Language.Swedish] = () => new SwedishStemmer(),
        [Language.Danish] = () => new DanishStemmer(),
        [Language.Norwegian] = () => new NorwegianStemmer(),
        [Language.Finnish] = () => new FinnishStemmer(),
        [Language.Hungarian] = () => new HungarianStemmer(),
        [Language.Romanian] = () => new RomanianStemmer(),
        [Language.Turkish] = () => new TurkishStemmer(),
    }.ToFrozenDictionary();

    // The programs keep the word they work on.
    [ThreadStatic] static Dictionary<Language, SnowballProgram>? programs;
    [ThreadStatic] static RussianStemmer? russian;

    /// <summary>The stem of a folded word. Words up to two letters, and those with a digit or another script's letter, are their own stem.</summary>
    /// <param name="language">Of the document; only words in Latin letters ask for it.</param>
    public static string Of(string word, Language language = Language.English)
    {
        if (word.Length < ShortestWord) return word;
        if (word.All(char.IsAsciiLetterLower)) return Latin(word, language);

        return word[0] switch
        {
            _ when !word.All(letter => IsSameScript(letter, word[0])) => word,
            >= '\u0400' and <= '\u04FF' => Run(russian ??= new(), word),
            >= '\u0370' and <= '\u03FF' => Cut(word, new GreekStemmer().Stem),
            >= '\u0620' and <= '\u06FF' => Cut(word, new ArabicStemmer().Stem),
            >= '\u0900' and <= '\u0963' =>
                Cut(word, (letters, length) => new HindiStemmer().Stem(letters, new HindiNormalizer().Normalize(letters, length))),
            _ => word,
        };
    }

    /// <summary>The stem of a word that was not folded, in lower case: its marks may tell its ending.</summary>
    public static string OfMarked(string word, Language language) =>
        word.Length >= ShortestWord && word.All(letter => char.IsLower(letter) && letter < LatinEnd) ? Latin(word, language) : word;

    static string Latin(string word, Language language)
    {
        if (language is Language.Czech) return Cut(word, new CzechStemmer().Stem);
        if (language is Language.Indonesian)
            return Cut(word, (letters, length) => new IndonesianStemmer().Stem(letters, length, stemDerivational: true));

        programs ??= [];
        if (!programs.TryGetValue(language, out var program)) programs[language] = program = Rules[language]();
        return Run(program, word);
    }

    static string Run(SnowballProgram program, string word)
    {
        program.SetCurrent(word);
        program.Stem();
        return program.Current is { Length: > 0 } stem ? stem : word;
    }

    static string Cut(string word, Func<char[], int, int> stem)
    {
        var letters = word.ToCharArray();
        var length = stem(letters, letters.Length);
        return length > 0 ? new string(letters, 0, length) : word;
    }

    /// <summary>Blocks of 256 characters: Greek, Cyrillic, Arabic and Devanagari have one each.</summary>
    static bool IsSameScript(char letter, char first) => !char.IsAsciiDigit(letter) && letter != '_' && letter >> 8 == first >> 8;
}
