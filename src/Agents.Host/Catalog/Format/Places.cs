using Agents.Domain.Definitions;

namespace Agents.Host.Catalog.Format;

/// <summary>Finds the place of a sentence that says what is wrong with a definition by how the sentence begins.</summary>
sealed class Places(Members members, AgentDefinition agent, IReadOnlyList<(string Name, SourceNode Node, string Path)> steps)
{
    /// <summary>How a sentence about a step begins before the step's name, and the member of the step that it is about; null for the whole step.</summary>
    static readonly (string Opening, string? Member)[] OfSteps =
    [
        ("The condition of step ", "when"), ("The schema of step ", "output"), ("The fallback of step ", "fallback"), ("Step ", null),
        ("Two steps are named ", null), ("No step may be named ", "name"),
    ];

    /// <summary>How a sentence about the agent itself begins, and the member that it is about.</summary>
    static readonly (string Opening, string Member)[] OfAgent =
    [
        ("Limits", "limits"), ("A limit", "limits"), ("The agent's fallback", "fallback"), ("An agent that closes", "atLimit"), ("The agent names the model", "model"),
    ];

    /// <summary>The beginning of the text for a sentence that is about none of its parts.</summary>
    public Mistake Of(string problem)
    {
        foreach (var (opening, member) in OfSteps)
            if (problem.StartsWith(opening, StringComparison.Ordinal) && StepIn(problem[opening.Length..], isLast: opening[0] == 'T' && opening[1] == 'w') is { } step)
                return In(step.Node, step.Path, member, problem);

        foreach (var (opening, member) in OfAgent)
            if (problem.StartsWith(opening, StringComparison.Ordinal)) return At(member, problem);
        return At(agent.Parameters?.Problems().Contains(problem) is true ? "parameters" : null, problem);
    }

    /// <summary>The step whose name the text begins with, the longest name of several. Of two of one name the first, or the last.</summary>
    (string Name, SourceNode Node, string Path)? StepIn(string text, bool isLast)
    {
        var named = steps.Where(step => Begins(step.Name)).OrderByDescending(step => step.Name.Length).ToList();
        if (named.Count == 0) return null;
        return isLast ? named.Last(step => step.Name == named[0].Name) : named[0];

        bool Begins(string name) =>
            text.StartsWith(name, StringComparison.Ordinal) && (text.Length == name.Length || !char.IsLetterOrDigit(text[name.Length]));
    }

    static Mistake In(SourceNode step, string path, string? member, string problem)
    {
        var value = (step as SourceMap)?.Members.FirstOrDefault(one => one.Name.Text == member)?.Value;
        return value is null ? new(step.Line, step.Column, path, problem) : new(value.Line, value.Column, $"{path}.{member}", problem);
    }

    Mistake At(string? member, string problem) => member is not null && members.Node(member) is { } node
        ? new(node.Line, node.Column, member, problem)
        : new(members.Map.Line, members.Map.Column, "", problem);
}
