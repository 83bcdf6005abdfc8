using System.Text;
using System.Text.Json;

namespace Agents.Host.Catalog.Format;

/// <summary>JSON as a tree of values.</summary>
ref struct JsonSource
{
    readonly ReadOnlySpan<byte> text;
    Utf8JsonReader reader;
    int placed; // up to here the lines are counted
    int line = 1;
    int column = 1;

    JsonSource(ReadOnlySpan<byte> text)
    {
        this.text = text;
        reader = new(text, new JsonReaderOptions { MaxDepth = SourceText.Depth });
    }

    /// <exception cref="UnreadableException">It is no JSON, or nested too deep.</exception>
    public static SourceNode Parse(ReadOnlyMemory<byte> text)
    {
        var source = new JsonSource(text.Span);
        try
        {
            source.reader.Read();
            var root = source.Node();
            source.reader.Read(); // throws when more follows
            return root;
        }
        catch (JsonException e)
        {
            throw new UnreadableException(new(
                (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1, "", $"This is no JSON: {e.Message.Split(" LineNumber:")[0]}"));
        }
        catch (InvalidOperationException)
        {
            throw new UnreadableException(SourceText.At(
                text.Span, (int)source.reader.TokenStartIndex, "The text that begins here has half of a surrogate pair."));
        }
    }

    SourceNode Node()
    {
        Place();
        var (line, column) = (this.line, this.column);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray:
                var items = new List<SourceNode>();
                for (reader.Read(); reader.TokenType is not JsonTokenType.EndArray; reader.Read()) items.Add(Node());
                return new SourceList(line, column, items);
            case JsonTokenType.StartObject:
                var members = new List<SourceMember>();
                for (reader.Read(); reader.TokenType is not JsonTokenType.EndObject; reader.Read())
                {
                    var name = (SourceScalar)Node();
                    reader.Read();
                    members.Add(new(name, Node()));
                }

                return new SourceMap(line, column, members);
            case JsonTokenType.String or JsonTokenType.PropertyName:
                return new SourceScalar(line, column, reader.GetString()!, IsText: true);
            default:
                return new SourceScalar(line, column, Encoding.UTF8.GetString(reader.ValueSpan), IsText: false);
        }
    }

    /// <summary>Counts on from the value before: a text of one line has as many values as it has room for.</summary>
    void Place()
    {
        var passed = text[placed..(int)reader.TokenStartIndex];
        placed = (int)reader.TokenStartIndex;
        if (passed.LastIndexOf((byte)'\n') is >= 0 and var last)
        {
            line += passed.Count((byte)'\n');
            column = 1;
            passed = passed[(last + 1)..];
        }

        column += Encoding.UTF8.GetCharCount(passed);
    }
}
