using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Agents.Domain.Definitions;

/// <summary>One stage of an agent. A closed family: a model step or a tool step.</summary>
/// <param name="Name">Unique within the agent; shown to people and, as a heading, to the model of later steps.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ModelStep), "model")]
[JsonDerivedType(typeof(ToolStep), "tool")]
public abstract record StepDefinition(string Name)
{
    /// <summary>
    /// The most one model or tool call of this step may take, longer than nothing. Null, or more than the server allows, means what the server
    /// allows.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? CallTimeout { get; init; }

    /// <summary>The grant for a tool, or null when this step may not use it.</summary>
    public abstract ToolGrant? GrantOf(string tool);

    internal abstract IEnumerable<ToolGrant> Grants();
}

/// <summary>A bounded loop of model and tool calls. One step with tools is a ReAct agent.</summary>
/// <param name="Instructions">The system message.</param>
/// <param name="Tools">What the model may call; null or empty means none.</param>
/// <param name="Model">As the provider names it. Null means the agent's.</param>
public sealed record ModelStep(
    string Name,
    string Instructions,
    IReadOnlyList<ToolGrant>? Tools = null,
    string? Model = null) : StepDefinition(Name)
{
    /// <summary>The grant for a tool, or null when this step may not use it.</summary>
    public override ToolGrant? GrantOf(string tool) => Tools?.FirstOrDefault(grant => grant.Tool == tool);

    internal override IEnumerable<ToolGrant> Grants() => Tools ?? [];
}

/// <summary>One tool, no model: its arguments are bound from the question or from an earlier model step's output.</summary>
/// <param name="Arguments">By the tool's parameter name. At most one may be <see cref="Argument.EachLine"/>.</param>
public sealed record ToolStep(
    string Name,
    ToolGrant Tool,
    IReadOnlyDictionary<string, Argument> Arguments) : StepDefinition(Name)
{
    /// <summary>Sorted, for their order has no meaning and a store may change it, while the definition's hash must not change.</summary>
    public IReadOnlyDictionary<string, Argument> Arguments { get; init; } = Arguments.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <inheritdoc/>
    public override ToolGrant? GrantOf(string tool) => Tool.Tool == tool ? Tool : null;

    internal override IEnumerable<ToolGrant> Grants() => [Tool];
}

/// <summary>Permission to use a tool within a step.</summary>
/// <param name="NeedsApproval">A person must approve each call before it runs.</param>
/// <param name="Agents">Whose runs <see cref="Runs.ChildOf.Tool"/> may start, by name. Null for all other tools.</param>
public sealed record ToolGrant(
    string Tool, bool NeedsApproval = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Agents = null);

/// <summary>Where a tool step takes an argument from. A closed family.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "from")]
[JsonDerivedType(typeof(Question), "question")]
[JsonDerivedType(typeof(Output), "output")]
[JsonDerivedType(typeof(EachLine), "each_line")]
[JsonDerivedType(typeof(Label), "label")]
[JsonDerivedType(typeof(Text), "text")]
public abstract record Argument
{
    private Argument() { }

    /// <summary>The run's question.</summary>
    public sealed record Question : Argument;

    /// <summary>The whole output of an earlier model step.</summary>
    public sealed record Output(string Step) : Argument;

    /// <summary>
    /// One call for each line of an earlier model step's output, run in parallel. List marks are taken off, empty and repeated lines
    /// skipped; no line at all means one call with the question.
    /// </summary>
    public sealed record EachLine(string Step) : Argument;

    /// <summary>The run's label of that name, from the caller's metadata; empty when it has none.</summary>
    public sealed record Label(string Name) : Argument;

    /// <summary>A constant.</summary>
    public sealed record Text(string Value) : Argument;
}
