namespace Agents.Host.Knowledge.Words;

/// <summary>
/// The language whose rules reduce the words of a document that are written in Latin letters. Words in other scripts are told by their letters.
/// A stored name is a promise: add, never rename.
/// </summary>
public enum Language
{
    /// <summary>Also what is no other: names, code, a few words.</summary>
    English,
    German,
    French,
    Spanish,
    Portuguese,
    Italian,
    Dutch,
    Swedish,
    Danish,
    Norwegian,
    Finnish,
    Hungarian,
    Romanian,
    Turkish,
    Czech,
    Indonesian,
}
