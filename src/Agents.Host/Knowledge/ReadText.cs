using Agents.Host.Knowledge.Words;

namespace Agents.Host.Knowledge;

/// <summary>The text of a document with the structure that matters for splitting and citing.</summary>
/// <param name="Title">Null when the document does not say.</param>
public sealed record ReadText(string MediaType, string? Title, IReadOnlyList<Section> Sections);

/// <summary>What stands below one heading, up to the next.</summary>
/// <param name="Headings">Outermost first, without the document's title; empty before the first heading.</param>
public sealed record Section(IReadOnlyList<string> Headings, IReadOnlyList<Block> Blocks);

/// <summary>A paragraph, or lines that belong together such as code, a list or a table.</summary>
/// <param name="Text">A paragraph is one line; lines are kept as they are.</param>
/// <param name="IsLines">Whether line ends mean something and sentences do not.</param>
/// <param name="Header">The first line of a table, when it names the columns; null otherwise.</param>
public sealed record Block(string Text, bool IsLines, string? Header = null);

/// <summary>A document as it is stored.</summary>
/// <param name="Title">Its own, else its name without extension.</param>
public sealed record ReadDocument(string MediaType, string Title, Language Language, IReadOnlyList<SplitPassage> Passages);

/// <summary>Why a document was not taken; for people.</summary>
public sealed class UnreadableDocumentException(string reason) : Exception(reason);
