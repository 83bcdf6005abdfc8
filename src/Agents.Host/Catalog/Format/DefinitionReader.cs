using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Catalog.Format;

/// <summary>What stands in the text of a definition.</summary>
/// <param name="Agent">Null when its text is not good enough to say what it is.</param>
/// <param name="HasVersion">Whether the author has numbered it. When not, it has the number 1.</param>
/// <param name="Mistakes">In the order of the text, at most a hundred; empty when there are none.</param>
public sealed record ReadDefinition(AgentDefinition? Agent, bool HasVersion, IReadOnlyList<Mistake> Mistakes)
{
    /// <summary>The place of what a sentence is about.</summary>
    internal Func<string, Mistake> Locate { get; init; } = problem => new(1, 1, "", problem);

    /// <summary>The same, with what only the server can find wrong.</summary>
    /// <param name="problems">Sentences that begin with what they are about, as <see cref="Places"/> knows them, such as <c>Step plan …</c>.</param>
    public ReadDefinition With(IEnumerable<string> problems) => this with
    {
        Mistakes =
        [
            .. Mistakes.Concat(problems.Take(Format.Mistakes.Most).Select(Locate)).OrderBy(mistake => mistake.Line).ThenBy(mistake => mistake.Column)
                .Take(Format.Mistakes.Most),
        ],
    };
}

/// <summary>Reads definitions of agents from YAML or JSON: whole, with everything that is wrong, and where.</summary>
public static class DefinitionReader
{
    /// <param name="isJson">Else it is YAML, of which JSON is a part.</param>
    /// <param name="name">The name that it must have. Null means any.</param>
    public static ReadDefinition Read(ReadOnlyMemory<byte> text, bool isJson = false, string? name = null)
    {
        SourceNode root;
        try
        {
            root = SourceText.Parse(text, isJson);
        }
        catch (UnreadableException e)
        {
            return new(null, false, [e.Mistake]);
        }

        var mistakes = new Mistakes();
        if (root is SourceMap map) return Agent(new(map, "", DefinitionFormat.Members["agent"], mistakes), name, mistakes);
        mistakes.Add(root, "", $"It is {root.What}; a definition is an object with a name and steps.");
        return new(null, false, mistakes.Found);
    }

    static ReadDefinition Agent(Members members, string? name, Mistakes mistakes)
    {
        var steps = Steps(members);
        var agent = new AgentDefinition
        {
            Name = Name(members, name),
            Version = Version(members) ?? 1,
            Description = members.Text("description") ?? "",
            Model = members.Text("model"),
            Steps = [.. steps.Select(step => step.Step).OfType<StepDefinition>()],
            Limits = members.Object("limits", "limits") is { } limits ? LimitsOf(limits) : new(),
            Parameters = Parts.Parameters(members),
            Fallback = Parts.Fallback(members),
            AtLimit = members.Word<AtLimit>("atLimit") ?? AtLimit.Park,
        };

        var places = new Places(members, agent, [.. steps.Where(step => step.Step is not null).Select(step => (step.Step!.Name, step.Node, step.Path))]);
        var read = new ReadDefinition(agent, members.Has("version"), mistakes.Found) { Locate = places.Of };
        var areWhole = agent.Name.Length > 0 && steps.Count > 0 && steps.All(step => step.Step is { Name.Length: > 0 });
        return areWhole ? read.With(agent.Problems()) : read.With([]); // what one step says of another that is missing is no news
    }

    static string Name(Members members, string? wanted)
    {
        var name = members.RequiredText("name");
        if (!members.Has("name")) return name;
        if (!DefinitionFormat.IsName(name))
            members.Wrong("name", "A name has 1 to 64 of a-z, 0-9, dot, hyphen and underscore, and begins with a letter or digit.");
        else if (wanted is not null && name != wanted) members.Wrong("name", $"The text names another agent than {wanted}.");
        return name;
    }

    static int? Version(Members members)
    {
        var version = members.Whole("version");
        if (version < 1) members.Wrong("version", "Versions count from 1.");
        return version;
    }

    static IReadOnlyList<(StepDefinition? Step, SourceNode Node, string Path)> Steps(Members members)
    {
        if (members.Items("steps") is not { Count: > 0 } items)
        {
            if (!members.Has("steps") || members.Node("steps") is SourceList) members.Wrong("steps", "An agent needs at least one step.");
            return [];
        }

        if (items.Count > StepOrder.MostSteps)
        {
            members.Wrong(
                "steps", FormattableString.Invariant($"An agent has at most {StepOrder.MostSteps:N0} steps; here are {items.Count:N0}."));
            return [];
        }

        return [.. items.Select(item => (StepReader.Read(members, item.Node, item.Path), item.Node, item.Path))];
    }

    static Limits LimitsOf(Members members)
    {
        var usual = new Limits();
        return new(
            members.Whole("modelCallsPerStep") ?? usual.ModelCallsPerStep,
            members.Whole("toolCallsPerTurn") ?? usual.ToolCallsPerTurn,
            members.Whole("attempts") ?? usual.Attempts,
            members.Amount("costUsd") ?? usual.CostUsd,
            members.Whole("outputTokensPerCall") ?? usual.OutputTokensPerCall,
            members.Whole("resultCharacters") ?? usual.ResultCharacters,
            members.Whole("passagesPerStep") ?? usual.PassagesPerStep,
            members.Duration("duration"),
            members.Duration("approvalWithin"),
            members.Whole("promptCharacters"));
    }
}
