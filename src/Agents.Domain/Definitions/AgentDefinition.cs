using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Agents.Domain.Definitions;

/// <summary>What an agent is: the steps it takes, the tools each step may use, and when it must stop.</summary>
/// <remarks>Stored once under its <see cref="Hash"/>; a run keeps the hash, so a run in flight never changes when the code does.</remarks>
public sealed record AgentDefinition
{
    /// <summary>Stable name used in URLs, events and price reports, such as <c>research</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Raised by the author on every change of prompt, step, tool or model. Compared in reports.</summary>
    public int Version { get; init; } = 1;

    /// <summary>One sentence that helps a caller choose an agent.</summary>
    public string Description { get; init; } = "";

    /// <summary>Model of the steps that name none, as the provider names it. Null means the server's default.</summary>
    public string? Model { get; init; }

    /// <summary>In order; at least one.</summary>
    public required IReadOnlyList<StepDefinition> Steps { get; init; }

    public Limits Limits { get; init; } = new();

    /// <summary>How its models are to answer, where a step or a run says nothing else. Null leaves it to the provider.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ModelParameters? Parameters { get; init; }

    /// <summary>The models that take over when one fails, for steps that name none of their own. Null means that a failed call is only tried again.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Fallback? Fallback { get; init; }

    /// <summary>What becomes of a run that nears what it may spend, or the calls that a step may make.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public AtLimit AtLimit { get; init; }

    /// <summary>SHA-256 of the definition's JSON, in lower-case hex. Two definitions are the same if and only if their hashes are.</summary>
    public string Hash() => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this)));

    /// <summary>The model that its first model step names. Null when that names none, or there is no such step.</summary>
    public string? FirstModel() => Steps.OfType<ModelStep>().FirstOrDefault()?.Model;

    /// <summary>Whether a step's output is read by a condition or taken by a step, so that a checkpoint must keep it.</summary>
    public bool IsReadLater(int step) => StepPlan.Of(this)[step].IsReadLater;

    /// <summary>What is wrong with this definition, in sentences; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        if (string.IsNullOrWhiteSpace(Name)) yield return "An agent needs a name.";
        if (Steps.Count == 0) yield return "An agent needs at least one step.";
        if (Steps.Count > StepOrder.MostSteps)
        {
            yield return FormattableString.Invariant($"An agent has at most {StepOrder.MostSteps:N0} steps; this one has {Steps.Count:N0}.");
            yield break;
        }

        foreach (var problem in Limits.Problems().Concat(FallbackProblems.Of(this)).Concat(ModelWishes.Problems(this))) yield return problem;
        foreach (var twice in Steps.GroupBy(step => step.Name).Where(group => group.Count() > 1))
            yield return $"Two steps are named {twice.Key}.";
        foreach (var problem in WaitSteps.Problems(this)) yield return problem;

        foreach (var problem in StepOrder.Problems(this)) yield return problem;
        foreach (var problem in StepReading.Problems(this)) yield return problem;
        foreach (var step in Steps)
        {
            if (step.CallTimeout <= TimeSpan.Zero) yield return $"Step {step.Name} gives its calls no time.";
            foreach (var grant in step.Grants().Where(grant => grant.Agents is { Count: > 0 } != (grant.Tool == Runs.ChildOf.Tool)))
                yield return grant.Agents is { Count: > 0 }
                    ? $"Step {step.Name} names agents for {grant.Tool}; only {Runs.ChildOf.Tool} starts runs."
                    : $"Step {step.Name} may use {grant.Tool}, but names no agents for it.";
        }
    }

    /// <summary>The agents whose runs this one may start, by name.</summary>
    public IEnumerable<string> AgentsItMayStart() => Steps.SelectMany(step => step.Grants()).SelectMany(grant => grant.Agents ?? []).Distinct();
}
