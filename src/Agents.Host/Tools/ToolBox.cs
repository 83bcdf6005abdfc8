using System.Reflection;
using System.Text.Json;
using Agents.Domain.Runs;
using Microsoft.Extensions.AI;

namespace Agents.Host.Tools;

/// <summary>Every tool class and code step of this assembly and of the assemblies named at start, by name.</summary>
public sealed class ToolBox(IServiceScopeFactory scopes, IEnumerable<ToolAssembly> more) : ITools
{
    /// <summary>Deepest arguments and results read; deeper JSON is stored but could not be read again.</summary>
    const int Depth = 32;

    static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { MaxDepth = Depth };

    readonly Dictionary<string, Entry> tools = more.Select(one => one.Assembly).Prepend(Assembly.GetExecutingAssembly()).Distinct()
        .SelectMany(assembly => assembly.GetTypes())
        .SelectMany(EntriesOf)
        .ToDictionary(entry => entry.Function.Name);

    public bool Has(string tool) => tools.ContainsKey(tool);

    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<ListedTool> List() =>
    [
        .. tools.Values.OrderBy(entry => entry.Function.Name, StringComparer.Ordinal).Select(entry => new ListedTool(
            entry.Function.Name, entry.Function.Description, entry.IsRepeatable, entry.IsCodeStep, entry.Function.JsonSchema)),
    ];

    /// <summary>Whether this is a method for a step of its own, which no model may call.</summary>
    public bool IsCodeStep(string tool) => tools.TryGetValue(tool, out var entry) && entry.IsCodeStep;

    /// <summary>Whether the tool may be called again when the outcome of an attempt is unknown.</summary>
    public bool IsRepeatable(string tool) => !tools.TryGetValue(tool, out var entry) || entry.IsRepeatable;

    /// <summary>What is wrong with the names of the arguments that a step gives the tool, from the tool's name on. Null when nothing is.</summary>
    public string? ProblemWith(string tool, IReadOnlyCollection<string> given) =>
        tools.TryGetValue(tool, out var entry) ? ToolParameters.ProblemWith(entry.Function, given) : null;

    /// <summary>Name, description and parameters, as a model is told of them.</summary>
    public AITool Declaration(string tool) => tools[tool].Function;

    /// <exception cref="JsonException">The arguments are no JSON object, or nested too deep.</exception>
    /// <exception cref="ArgumentException">An argument is missing or of the wrong type, or there is no such tool.</exception>
    public async Task<ToolResult> Run(string tool, string arguments, ToolContext context, CancellationToken ct)
    {
        if (!tools.TryGetValue(tool, out var entry)) throw new ArgumentException($"No tool is named {tool}.");

        var given = ArgumentsOf(arguments) ?? throw new JsonException("The arguments are not a JSON object.");
        ToolParameters.Check(entry.Function, given);
        await using var scope = scopes.CreateAsyncScope();
        var result = await entry.Function.InvokeAsync(
            new(given) { Services = scope.ServiceProvider, Context = new Dictionary<object, object?> { [typeof(ToolContext)] = context } }, ct);

        return result switch
        {
            IReadOnlyList<Passage> passages => new($"{passages.Count} passages.", new(QueryOf(given), passages)),
            string text => new(text, null),
            ChildWanted wanted => new("", null, wanted),
            _ => new(JsonSerializer.Serialize(result, Format), null),
        };
    }

    /// <summary>Null when this is no JSON object, or one that could not be written again, such as with half of a surrogate pair.</summary>
    public static Dictionary<string, object?>? ArgumentsOf(string arguments)
    {
        try
        {
            var read = JsonSerializer.Deserialize<Dictionary<string, object?>>(arguments, Format);
            JsonSerializer.Serialize(read, Format); // strings are read when they are used; what is wrong in one shows now
            return read;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    static string QueryOf(Dictionary<string, object?> arguments) =>
        (arguments.GetValueOrDefault("query") ?? arguments.Values.FirstOrDefault())?.ToString() ?? "";

    static IEnumerable<Entry> EntriesOf(Type type)
    {
        if (type.GetCustomAttribute<ToolAttribute>() is { } tool)
        {
            var run = type.GetMethod("Run") ?? throw new InvalidOperationException($"Tool {tool.Name} has no public method Run.");
            yield return new(Create(type, run, tool.Name), tool.Repeatable, IsCodeStep: false);
        }

        const BindingFlags own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly; // not a base class's once more
        foreach (var method in type.GetMethods(own))
            if (method.GetCustomAttribute<StepAttribute>() is { } step)
                yield return new(Create(type, method, step.Name), step.Repeatable, IsCodeStep: true);
    }

    static AIFunction Create(Type type, MethodInfo run, string name)
    {
        var options = new AIFunctionFactoryOptions { Name = name, MarshalResult = (result, _, _) => ValueTask.FromResult(result) };
        return run.IsStatic
            ? AIFunctionFactory.Create(run, target: null, options)
            : AIFunctionFactory.Create(run, arguments => Instance(type, arguments), options);
    }

    /// <summary>A new one for each call; it takes the <see cref="ToolContext"/> in its constructor if it wants it.</summary>
    static object Instance(Type type, AIFunctionArguments arguments)
    {
        var wantsContext = type.GetConstructors().SelectMany(one => one.GetParameters())
            .Any(parameter => parameter.ParameterType == typeof(ToolContext));
        return ActivatorUtilities.CreateInstance(arguments.Services!, type, wantsContext ? [arguments.Context![typeof(ToolContext)]!] : []);
    }

    sealed record Entry(AIFunction Function, bool IsRepeatable, bool IsCodeStep);
}

/// <summary>A tool or code step as lists show it.</summary>
/// <param name="Parameters">What it takes, as a JSON Schema.</param>
public sealed record ListedTool(string Name, string Description, bool IsRepeatable, bool IsCodeStep, JsonElement Parameters);
