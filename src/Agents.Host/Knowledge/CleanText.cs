using System.Buffers;
using System.Text;

namespace Agents.Host.Knowledge;

/// <summary>Makes text storable and honest: what a person sees is what a model and a database get.</summary>
/// <remarks>
/// NUL and halves of surrogate pairs cannot be stored; tag characters, direction controls and characters without width carry text that no
/// reader sees, a known way to slip instructions to a model. Cleaning clean text changes nothing.
/// </remarks>
public static class CleanText
{
    /// <summary>The text without hidden characters and lone surrogates; line ends become <c>\n</c>.</summary>
    public static string Of(string text)
    {
        if (!NeedsCleaning(text)) return text;

        var clean = new StringBuilder(text.Length);
        var left = text.ReplaceLineEndings("\n").AsSpan();
        while (Rune.DecodeFromUtf16(left, out var rune, out var length) is var status && length > 0)
        {
            if (status is OperationStatus.Done && !IsHidden(rune.Value)) clean.Append(left[..length]);
            left = left[length..];
        }

        return clean.ToString();
    }

    /// <summary>The beginning of the text, at most so many characters long; no surrogate pair is split.</summary>
    public static string Cut(string text, int most) =>
        text.Length <= most ? text : text[..(most > 0 && char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];

    /// <summary>The text clean and on one line, runs of white space as one space.</summary>
    public static string OneLine(string text) =>
        string.Join(' ', Of(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    static bool NeedsCleaning(string text)
    {
        foreach (var character in text)
        {
            if (character is '\r' or '\u0085' or '\u2028' or '\u2029' || char.IsSurrogate(character) || IsHidden(character)) return true;
        }

        return false;
    }

    static bool IsHidden(int character) => character switch
    {
        '\n' or '\t' => false,
        < 0x20 or (>= 0x7F and <= 0x9F) => true,
        0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or 0x3164 or 0xFEFF or 0xFFA0 => true,
        >= 0x180B and <= 0x180F => true,
        >= 0x200B and <= 0x200F => true,
        >= 0x202A and <= 0x202E => true,
        >= 0x2060 and <= 0x206F => true,
        >= 0xFFF0 and <= 0xFFFB => true,
        >= 0xFE00 and <= 0xFE0F => true,
        >= 0xE0000 and <= 0xE0FFF => true,
        _ => false,
    };
}
