using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Agents.Domain.Runs;

namespace Agents.Host.Catalog.Format;

/// <summary>
/// The members of one object of a definition. What is unknown, named twice, missing or of the wrong kind is noted where it stands, and reading goes
/// on: the author is told of everything at once.
/// </summary>
sealed class Members
{
    readonly SourceMap map;
    readonly string path;
    readonly Mistakes mistakes;
    readonly Dictionary<string, SourceNode> values = new(StringComparer.Ordinal);

    /// <param name="known">The names that it may have.</param>
    public Members(SourceMap map, string path, IReadOnlyList<string> known, Mistakes mistakes)
    {
        (this.map, this.path, this.mistakes) = (map, path, mistakes);
        foreach (var (name, value) in map.Members)
        {
            if (!known.Contains(name.Text))
                mistakes.Add(name, PathOf(name.Text), $"There is no such member here; there are: {string.Join(", ", known)}.");
            else if (!values.TryAdd(name.Text, value)) mistakes.Add(name, PathOf(name.Text), $"The member {name.Text} stands here twice.");
        }
    }

    public SourceMap Map => map;

    /// <summary>Whether the member is there and says something.</summary>
    public bool Has(string name) => values.TryGetValue(name, out var value) && value is not SourceScalar { IsNull: true };

    /// <summary>Null when nothing is said.</summary>
    public SourceNode? Node(string name) => Has(name) ? values[name] : null;

    public string PathOf(string name) => name.Length == 0 ? path : path.Length == 0 ? Shown(name) : $"{path}.{Shown(name)}";

    /// <summary>Notes what is wrong with a member; with the object, when it has none of that name.</summary>
    public void Wrong(string name, string reason) => mistakes.Add(values.GetValueOrDefault(name) ?? map, PathOf(name), reason);

    /// <summary>Notes what is wrong with a value.</summary>
    public void Note(SourceNode at, string where, string reason) => mistakes.Add(at, where, reason);

    public string? Text(string name) => Node(name) is { } node ? TextOf(node, PathOf(name)) : null;

    public string RequiredText(string name)
    {
        if (!Has(name)) Wrong(name, $"The member {name} is missing.");
        return Text(name) ?? "";
    }

    /// <summary>Null when it is no text; that is noted.</summary>
    public string? TextOf(SourceNode node, string at)
    {
        if (node is not SourceScalar { IsNull: false } scalar) return Wrong<string>(node, at, "text");
        if (scalar.Text == Sanitiser.Text(scalar.Text, scalar.Text.Length)) return scalar.Text;

        mistakes.Add(node, at, "It has a character that cannot be stored: NUL, or half of a surrogate pair.");
        return null;
    }

    public int? Whole(string name) => Read(
        name, "a whole number", scalar => int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number : (int?)null);

    public long? LongWhole(string name) => Read(
        name, "a whole number", scalar => long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number : (long?)null);

    /// <summary>With the zeros behind it: they are part of a definition's hash.</summary>
    public decimal? Amount(string name) => Read(
        name, "a number", scalar => decimal.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number : (decimal?)null);

    public double? Number(string name) => Read(
        name, "a number", scalar => double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number) ? number : (double?)null);

    public bool? Flag(string name) => Read(name, "true or false", scalar => scalar.Flag);

    public TimeSpan? Duration(string name) => Node(name) is { } node ? DurationOf(node, PathOf(name)) : null;

    public TimeSpan? DurationOf(SourceNode node, string at) =>
        node is SourceScalar scalar && Durations.Parse(scalar.Text) is { } time
            ? time : Wrong<TimeSpan?>(node, at, "a duration, such as 90s, 30m, 1h30m, 2d or PT30M");

    public T? Word<T>(string name) where T : struct, Enum => Node(name) is { } node ? WordOf<T>(node, PathOf(name)) : null;

    public T? WordOf<T>(SourceNode node, string at) where T : struct, Enum
    {
        var words = Enum.GetValues<T>();
        foreach (var word in words)
            if (node is SourceScalar scalar && scalar.Text == DefinitionFormat.WordOf(word)) return word;
        return Wrong<T?>(node, at, $"one of {string.Join(", ", words.Select(DefinitionFormat.WordOf))}");
    }

    /// <summary>Null when nothing is said. What is wrong in it is noted and left out.</summary>
    public IReadOnlyList<T>? List<T>(string name, Func<SourceNode, string, T?> read) where T : class =>
        Items(name)?.Select(item => read(item.Node, item.Path)).OfType<T>().ToList();

    /// <inheritdoc cref="List{T}"/>
    public IReadOnlyList<T>? Words<T>(string name) where T : struct, Enum =>
        Items(name)?.Select(item => WordOf<T>(item.Node, item.Path)).OfType<T>().ToList();

    /// <summary>Null when nothing is said, or it is no list; that is noted.</summary>
    public IReadOnlyList<(SourceNode Node, string Path)>? Items(string name)
    {
        if (Node(name) is not { } node) return null;
        return node is SourceList list
            ? [.. list.Items.Select((item, at) => (item, $"{PathOf(name)}[{at}]"))]
            : Wrong<IReadOnlyList<(SourceNode, string)>>(node, PathOf(name), "a list");
    }

    /// <summary>Null when nothing is said, or it is no object.</summary>
    public Members? Object(string name, string kind) => Node(name) is { } node ? ObjectOf(node, PathOf(name), kind) : null;

    /// <summary>Null when it is no object; that is noted.</summary>
    public Members? ObjectOf(SourceNode node, string at, string kind) =>
        node is SourceMap members ? new(members, at, DefinitionFormat.Members[kind], mistakes) : Wrong<Members>(node, at, "an object");

    /// <summary>The same for an object that may have these members.</summary>
    public Members AnyOf(SourceMap node, string at, IReadOnlyList<string> known) => new(node, at, known, mistakes);

    /// <summary>JSON in one line, its members in their order; a text is taken to be JSON as it is.</summary>
    public string? Json(string name)
    {
        if (Node(name) is not { } node) return null;
        if (node is not SourceScalar) return JsonOf(node, PathOf(name))?.ToJsonString(DefinitionWriter.Compact);
        if (TextOf(node, PathOf(name)) is not { } text) return null;
        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = SourceText.Depth });
            return text;
        }
        catch (JsonException)
        {
            return Wrong<string>(node, PathOf(name), "a JSON Schema");
        }
    }

    JsonNode? JsonOf(SourceNode node, string at)
    {
        switch (node)
        {
            case SourceMap parent:
                var made = new JsonObject();
                foreach (var (name, value) in parent.Members)
                    if (!made.TryAdd(name.Text, JsonOf(value, $"{at}.{Shown(name.Text)}")))
                        mistakes.Add(name, $"{at}.{Shown(name.Text)}", $"The member {Shown(name.Text)} stands here twice.");
                return made;
            case SourceList list: return new JsonArray([.. list.Items.Select((item, position) => JsonOf(item, $"{at}[{position}]"))]);
            case SourceScalar { IsNull: true }: return null;
            case SourceScalar { Flag: { } flag }: return JsonValue.Create(flag);
            case SourceScalar { IsNumber: true } number: return JsonNode.Parse(number.Text);
            default: return JsonValue.Create(TextOf(node, at) ?? "");
        }
    }

    T? Read<T>(string name, string wanted, Func<SourceScalar, T?> read) where T : struct
    {
        if (Node(name) is not { } node) return null;
        return node is SourceScalar { IsText: false } scalar && read(scalar) is { } value ? value : Wrong<T?>(node, PathOf(name), wanted);
    }

    T? Wrong<T>(SourceNode node, string at, string wanted)
    {
        var written = node is SourceScalar { IsNull: false } scalar ? $"\"{Shown(scalar.Text)}\"" : node.What;
        mistakes.Add(node, at, $"It is {written}; it must be {wanted}.");
        return default;
    }

    /// <summary>Of what the author wrote, as much as fits a line.</summary>
    public static string Shown(string text) => Sanitiser.Text(text.ReplaceLineEndings(" "), 60);
}
