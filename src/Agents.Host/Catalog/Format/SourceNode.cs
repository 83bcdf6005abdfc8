using System.Text.RegularExpressions;

namespace Agents.Host.Catalog.Format;

/// <summary>A value in the text of a definition, and where it stands.</summary>
/// <param name="Line">From 1.</param>
/// <param name="Column">In characters, from 1.</param>
abstract record SourceNode(int Line, int Column)
{
    /// <summary>What it is, in a word for people.</summary>
    public abstract string What { get; }
}

/// <param name="IsText">It was written in quotes or as a block: it is text, whatever it looks like.</param>
sealed partial record SourceScalar(int Line, int Column, string Text, bool IsText) : SourceNode(Line, Column)
{
    /// <summary>Nothing is said; the same as if the member were not there.</summary>
    public bool IsNull => !IsText && Text is "" or "~" or "null" or "Null" or "NULL";

    /// <summary>Null when it is neither true nor false.</summary>
    public bool? Flag => IsText ? null : Text switch
    {
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        _ => null,
    };

    public bool IsNumber => !IsText && Number().IsMatch(Text);

    public override string What => IsNull ? "empty" : Flag is not null ? "true or false" : IsNumber ? "a number" : "text";

    /// <summary>As JSON writes numbers.</summary>
    [GeneratedRegex(@"\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();
}

sealed record SourceList(int Line, int Column, IReadOnlyList<SourceNode> Items) : SourceNode(Line, Column)
{
    public override string What => "a list";
}

/// <param name="Members">In the order of the text; one name may stand there twice.</param>
sealed record SourceMap(int Line, int Column, IReadOnlyList<SourceMember> Members) : SourceNode(Line, Column)
{
    public override string What => "an object";
}

sealed record SourceMember(SourceScalar Name, SourceNode Value);
