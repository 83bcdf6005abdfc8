namespace Agents.Domain.Definitions;

/// <summary>How a run is gone through otherwise, from one of its steps on: what a what-if asks.</summary>
/// <param name="From">Name of the step. Null means the first model step.</param>
/// <param name="Model">Of all model steps from there on; what would take over when it fails is left out. Null means as they are.</param>
/// <param name="Instructions">Of that step, which must be a model step. Null means as they are.</param>
/// <param name="RecordedTools">
/// No tool is called: results that the run has recorded are given instead. Such a run asks for no approval; its definition keeps them, for runs that
/// continue it call tools.
/// </param>
public sealed record OtherWay(string? From, string? Model, string? Instructions, bool RecordedTools)
{
    /// <summary>Position of the step from which it differs. Null when the agent has no such step.</summary>
    public int? StepIn(AgentDefinition agent)
    {
        var at = agent.Steps.Index().FirstOrDefault(step => From is null ? step.Item is ModelStep : step.Item.Name == From, (-1, null!)).Index;
        return at < 0 ? null : at;
    }

    /// <summary>What the run obeys then.</summary>
    /// <param name="from">As <see cref="StepIn"/> gives it.</param>
    public AgentDefinition Of(AgentDefinition agent, int from) => agent with
    {
        Steps = [.. agent.Steps.Select((step, at) => at < from ? Before(step, agent) : Changed(step, at == from))],
        Fallback = Model is null ? agent.Fallback : null,
    };

    /// <summary>What takes over for the whole agent still does before the step, which a run may come to once more.</summary>
    StepDefinition Before(StepDefinition step, AgentDefinition agent) => Model is not null && step is ModelStep model
        ? model with { Fallback = agent.FallbackOf(model) }
        : step;

    StepDefinition Changed(StepDefinition step, bool isFirst) => step is not ModelStep model
        ? step
        : model with
        {
            Model = Model ?? model.Model,
            Fallback = Model is null ? model.Fallback : null,
            Instructions = isFirst && Instructions is not null ? Instructions : model.Instructions,
        };
}
