namespace Agents.Host.Tests;

/// <summary>The map of the server, and that its code keeps to it; read from what was compiled.</summary>
public sealed class LayerTests
{
    /// <summary>Bottom up. The code of a layer uses its own and those before it in this list. docs/architecture.md says what lives in each.</summary>
    static readonly string[] Layers =
    [
        "Platform", "Postgres", "Knowledge", "Tools", "Catalog", "Samples", "Models", "Log", "Http", "Engine", "Streaming", "Api", "Audit", "Server",
        "Cli",
    ];

    const string Root = "Agents.Host";

    [Fact]
    public void Each_layer_uses_only_those_below_it()
    {
        var uses = Uses().ToList();
        Assert.Contains(uses, use => use is { From: "Api", To: "Engine" }); // the list is not empty by mistake

        Assert.Empty(uses.Where(use => Position(use.From) < Position(use.To))
            .Select(use => $"{use.From} uses {use.To}: {use.Type} mentions {use.Mentioned}"));
    }

    [Fact]
    public void Every_folder_is_a_layer_and_has_a_line_in_the_map()
    {
        Assert.Equal(Layers.Order(), Types().Select(LayerOf).Distinct().Order());

        var map = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "docs", "architecture.md"));
        Assert.Equal(Layers, map.Select(line => line.Split('|')).Where(cells => cells.Length > 3).Select(cells =>
            cells[1].Trim(' ', '`', '/')).Where(Layers.Contains));
    }

    static IEnumerable<(string From, string To, Type Type, Type Mentioned)> Uses() =>
        from type in Types()
        from mentioned in CompiledTypes.MentionedBy(type)
        where IsOurs(mentioned) && LayerOf(type) != LayerOf(mentioned)
        select (LayerOf(type), LayerOf(mentioned), type, mentioned);

    static IEnumerable<Type> Types() => typeof(Server).Assembly.GetTypes().Where(IsOurs);

    /// <summary>Not what the compiler or the code generation added.</summary>
    static bool IsOurs(Type type) => CompiledTypes.Outermost(type) is { Namespace: { } space, Name: not ['<', ..] }
        && (space == Root || space.StartsWith($"{Root}.", StringComparison.Ordinal));

    /// <summary>The folder below <c>src/Agents.Host</c>. What stands beside the folders puts the layers together: <c>Server</c>.</summary>
    static string LayerOf(Type type) => CompiledTypes.Outermost(type).Namespace!.Split('.') is [_, _, var layer, ..] ? layer : "Server";

    static int Position(string layer) => Array.IndexOf(Layers, layer);
}
