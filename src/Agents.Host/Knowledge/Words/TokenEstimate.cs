namespace Agents.Host.Knowledge.Words;

/// <summary>
/// About how many tokens a text is for a model, rather too many than too few, a character at a time. The weights were compared with
/// o200k_base on prose in many scripts, code, digits and encoded bytes; a tokenizer itself would take longer to load than most documents to read.
/// </summary>
struct TokenEstimate
{
    const int Whole = 4;
    const double Margin = 1.1;

    /// <summary>What is longer is no word, and has more tokens for its letters.</summary>
    const int LongestWord = 24;

    int quarters;
    int run;
    Kind last;

    enum Kind { None, Lower, Upper, Digit, Mark, Space, Letter }

    /// <summary>Of all characters so far.</summary>
    public readonly int Tokens => (int)Math.Ceiling(quarters * Margin / Whole);

    /// <summary>The tokens of a whole text.</summary>
    public static int Of(ReadOnlySpan<char> text)
    {
        var estimate = new TokenEstimate();
        foreach (var character in text) estimate.Add(character);
        return estimate.Tokens;
    }

    public void Add(char character)
    {
        var kind = KindOf(character);
        // A word with a capital is one run.
        run = kind == last || (kind == Kind.Lower && last == Kind.Upper && run == 1) ? run + 1 : 1;
        last = kind;
        quarters += kind switch
        {
            Kind.Lower => Begins(run <= LongestWord ? 6 : 2),
            Kind.Upper => Begins(2),
            Kind.Digit => Begins(2),
            Kind.Space => run == 1 && character != '\n' ? 0 : Begins(4),
            Kind.Mark => Whole,
            _ => Of(character),
        };
    }

    /// <summary>A token for the first of every so many characters of a run.</summary>
    readonly int Begins(int every) => run % every == 1 ? Whole : 0;

    /// <summary>In quarters of a token.</summary>
    static int Of(char letter) => letter switch
    {
        < '\u0530' => 2, // Latin with marks, Greek, Cyrillic
        < '\u0590' => 2 * Whole,
        < '\u0E00' => 3, // Hebrew, Arabic, the scripts of India
        < '\u0E80' => Whole,
        < '\u1E00' => 2 * Whole, // Lao to Khmer
        < '\u2000' => 3,
        >= '\uD800' and <= '\uDFFF' => 2 * Whole,
        _ => 6, // Chinese, Japanese, Korean
    };

    static Kind KindOf(char character) => character switch
    {
        >= 'a' and <= 'z' => Kind.Lower,
        >= 'A' and <= 'Z' => Kind.Upper,
        >= '0' and <= '9' => Kind.Digit,
        ' ' or '\n' or '\t' => Kind.Space,
        < '\u0080' => Kind.Mark,
        _ => Kind.Letter,
    };
}
