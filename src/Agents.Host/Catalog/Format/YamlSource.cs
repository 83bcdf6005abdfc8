using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlScalar = YamlDotNet.Core.Events.Scalar;

namespace Agents.Host.Catalog.Format;

/// <summary>
/// YAML as a tree of values. One document; no anchors, aliases or tags: a definition needs none, and a few lines of them stand for more than a
/// machine has room for.
/// </summary>
sealed partial class YamlSource
{
    readonly Parser parser;
    int depth;

    YamlSource(string text) => parser = new(new StringReader(text));

    /// <exception cref="UnreadableException">It is no such YAML.</exception>
    public static SourceNode Parse(string text)
    {
        var source = new YamlSource(text);
        try
        {
            return source.Document();
        }
        catch (YamlException e)
        {
            throw new UnreadableException(new(LineOf(e.Start), ColumnOf(e.Start), "", $"This is no YAML: {Places().Replace(e.Message, "")}"));
        }
        catch (Exception e) when (
            e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or OverflowException or FormatException)
        {
            throw source.Unreadable("From about here on this is no YAML."); // the library fails at some texts, instead of refusing them
        }
    }

    SourceNode Document()
    {
        Move();
        if (parser.Current is StreamStart) Move();
        if (parser.Current is not DocumentStart) throw Unreadable("There is nothing in it.");

        Move();
        var root = Node();
        if (parser.Current is DocumentEnd) Move();
        if (parser.Current is DocumentStart) throw Unreadable("A second document begins here; a text has one definition.");
        return root;
    }

    SourceNode Node()
    {
        if (parser.Current is AnchorAlias) throw Unreadable("An alias stands here; write the value itself.");
        if (parser.Current is not NodeEvent node) throw Unreadable("A value is missing here.");
        if (!node.Anchor.IsEmpty) throw Unreadable("An anchor stands here; definitions have none.");
        if (!node.Tag.IsEmpty) throw Unreadable("A tag stands here; definitions have none.");
        if (++depth > SourceText.Depth) throw Unreadable($"Values may stand in each other {SourceText.Depth} deep.");

        var (line, column) = (LineOf(node.Start), ColumnOf(node.Start));
        SourceNode read = node switch
        {
            YamlScalar scalar => Moved(new SourceScalar(line, column, scalar.Value, scalar.Style is not ScalarStyle.Plain)),
            SequenceStart => List(line, column),
            _ => Map(line, column),
        };
        depth--;
        return read;
    }

    SourceList List(int line, int column)
    {
        var items = new List<SourceNode>();
        for (Move(); parser.Current is not SequenceEnd;) items.Add(Node());
        return Moved(new SourceList(line, column, items));
    }

    SourceMap Map(int line, int column)
    {
        var members = new List<SourceMember>();
        for (Move(); parser.Current is not MappingEnd;)
        {
            var start = parser.Current!.Start;
            if (Node() is not SourceScalar name)
                throw new UnreadableException(new(LineOf(start), ColumnOf(start), "", "The name of a member is text."));
            members.Add(new(name, Node()));
        }

        return Moved(new SourceMap(line, column, members));
    }

    T Moved<T>(T node)
    {
        Move();
        return node;
    }

    void Move()
    {
        do parser.MoveNext();
        while (parser.Current is Comment);
    }

    UnreadableException Unreadable(string reason)
    {
        var at = parser.Current?.Start ?? Mark.Empty;
        return new(new(LineOf(at), ColumnOf(at), "", reason));
    }

    static int LineOf(Mark mark) => (int)Math.Max(1, mark.Line);

    static int ColumnOf(Mark mark) => (int)Math.Max(1, mark.Column);

    /// <summary>Places that the library puts before its words.</summary>
    [GeneratedRegex(@"^\(.*?\)( - \(.*?\))?: ")]
    private static partial Regex Places();
}
