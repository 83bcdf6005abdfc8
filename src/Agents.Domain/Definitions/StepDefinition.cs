using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Agents.Domain.Definitions;

/// <summary>One stage of an agent. A closed family: a model step, a tool step or a wait step.</summary>
/// <remarks>
/// Steps follow each other as they stand, unless <see cref="Next"/> leads elsewhere. A step whose <see cref="When"/> does not hold, or whose
/// <see cref="Visits"/> are used up, is skipped: then <see cref="Else"/> follows.
/// </remarks>
/// <param name="Name">Unique within the agent; shown to people and, as a heading, to the model of later steps.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ModelStep), "model")]
[JsonDerivedType(typeof(ToolStep), "tool")]
[JsonDerivedType(typeof(WaitStep), "wait")]
public abstract record StepDefinition(string Name)
{
    /// <summary>The name that <see cref="Next"/> and <see cref="Else"/> give to the end of the run. No step may have it.</summary>
    public const string End = "end";

    /// <summary>
    /// Takes the step only if this holds, such as <c>output.judge.good == false and label.tier != "free"</c>. Null
    /// means always.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? When { get; init; }

    /// <summary>The step that follows this one, or <see cref="End"/>. Null means the one that stands behind it.</summary>
    /// <remarks>A step that leads back needs <see cref="Visits"/>.</remarks>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Next { get; init; }

    /// <summary>The step that follows when this one is skipped, or <see cref="End"/>; never one before it. Null means the one that stands behind it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Else { get; init; }

    /// <summary>How often a run may take this step, from 1; then it is skipped. Null means as often as other steps lead to it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Visits { get; init; }

    /// <summary>
    /// The most one model or tool call of this step may take, longer than nothing. Null, or more than the server allows, means what the server
    /// allows.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? CallTimeout { get; init; }

    /// <summary>The grant for a tool, or null when this step may not use it.</summary>
    public abstract ToolGrant? GrantOf(string tool);

    /// <summary>The tools that the step may use.</summary>
    public abstract IEnumerable<ToolGrant> Grants();
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
    /// <summary>JSON Schema, draft 2020-12, that the step's output must fit, as JSON text. Null means that the output is text.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OutputSchema { get; init; }

    /// <summary>What differs from the agent's. Null means nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ModelParameters? Parameters { get; init; }

    /// <summary>The models that take over when the step's own fails. Null means the agent's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Fallback? Fallback { get; init; }

    /// <summary>The grant for a tool, or null when this step may not use it.</summary>
    public override ToolGrant? GrantOf(string tool) => Tools?.FirstOrDefault(grant => grant.Tool == tool);

    /// <inheritdoc/>
    public override IEnumerable<ToolGrant> Grants() => Tools ?? [];
}

/// <summary>
/// One tool, no model: its arguments are bound from the question or from an earlier step's output. A step of C# code and a step that asks another
/// agent are tool steps, too.
/// </summary>
/// <param name="Arguments">By the tool's parameter name. At most one may be <see cref="Argument.EachLine"/>.</param>
public sealed record ToolStep(
    string Name,
    ToolGrant Tool,
    IReadOnlyDictionary<string, Argument> Arguments) : StepDefinition(Name)
{
    /// <summary>Sorted, for their order has no meaning and a store may change it, while the definition's hash must not change.</summary>
    public IReadOnlyDictionary<string, Argument> Arguments { get; init; } = Arguments.ToImmutableSortedDictionary(StringComparer.Ordinal);

    /// <summary>Makes one call for each item of a list. Null means one call, or one for each line of an <see cref="Argument.EachLine"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ForEach? ForEach { get; init; }

    /// <inheritdoc/>
    public override ToolGrant? GrantOf(string tool) => Tool.Tool == tool ? Tool : null;

    /// <inheritdoc/>
    public override IEnumerable<ToolGrant> Grants() => [Tool];
}

/// <summary>A list, and how its items are worked on.</summary>
/// <param name="Items">
/// An earlier step's output, or a member of it: a JSON array, else the lines of the text as for <see cref="Argument.EachLine"/>. An empty list makes
/// no call.
/// </param>
/// <param name="Parallel">The most calls at a time, from 1.</param>
/// <param name="Failures">How many calls may fail, or be denied; one more parks the run. From 0. Null means all but one.</param>
/// <param name="Most">The most items, from 1 to <see cref="MostItems"/>; a longer list fails the run before its first call.</param>
public sealed record ForEach(Argument.Output Items, int Parallel = 4, int? Failures = null, int Most = 100)
{
    /// <summary>The most items of one step.</summary>
    public const int MostItems = 500;
}

/// <summary>The run stands still and holds no slot, until a time has come or somebody has sent a signal. Its output is the signal's payload.</summary>
/// <param name="For">How long it waits; with a signal, at most. Longer than nothing. Null means by the others.</param>
/// <param name="Until">The time until which it waits, ISO 8601 with an offset; one that is past, or cannot be read, ends the wait at once or fails the run.</param>
/// <param name="Signal">The signal it waits for. A wait that ends without it has the empty output. Null means for none.</param>
public sealed record WaitStep(string Name, TimeSpan? For = null, Argument? Until = null, string? Signal = null) : StepDefinition(Name)
{
    /// <summary>A wait uses no tool.</summary>
    public override ToolGrant? GrantOf(string tool) => null;

    /// <inheritdoc/>
    public override IEnumerable<ToolGrant> Grants() => [];
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
[JsonDerivedType(typeof(Item), "item")]
public abstract record Argument
{
    private Argument() { }

    /// <summary>The run's question.</summary>
    public sealed record Question : Argument;

    /// <summary>The output of an earlier step.</summary>
    /// <param name="Path">A member of its JSON, such as <c>orders[0].id</c>; one that is not there is empty. Null means the whole output.</param>
    public sealed record Output(
        string Step, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Path = null) : Argument;

    /// <summary>
    /// One call for each line of an earlier step's output, run in parallel. List marks are taken off, empty and repeated lines
    /// skipped; no line at all means one call with the question.
    /// </summary>
    public sealed record EachLine(string Step) : Argument;

    /// <summary>The run's label of that name, from the caller's metadata; empty when it has none.</summary>
    public sealed record Label(string Name) : Argument;

    /// <summary>A constant.</summary>
    public sealed record Text(string Value) : Argument;

    /// <summary>The item of the <see cref="ForEach"/> list that the call is for.</summary>
    /// <param name="Path">As for <see cref="Output"/>.</param>
    public sealed record Item([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Path = null) : Argument;
}
