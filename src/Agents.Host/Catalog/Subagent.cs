using System.ComponentModel;
using Agents.Domain.Runs;
using Agents.Host.Tools;

namespace Agents.Host.Catalog;

/// <summary>
/// Starts a run of another agent and waits for its answer. Which agents, the step's grant says; the worker that records the tool's result queues the
/// run.
/// </summary>
[Tool(ChildOf.Tool)]
public sealed class Subagent(AgentCatalog agents, ToolContext context)
{
    [Description("Asks another agent a question of its own and gives its answer.")]
    public async Task<ChildWanted> Run(
        [Description("The agent's name, one of those you were told.")] string agent,
        [Description("What to ask, with all that it must know: it sees nothing of this conversation.")] string question,
        CancellationToken ct)
    {
        var found = await agents.Find(context.Tenant, agent, ct);
        if (found.Problem is not null || AgentName.Parse(agent).IsExact) // which version it is, the model does not choose
            throw new ArgumentException($"No agent is named \"{Sanitiser.Text(agent, 60)}\".");
        if (string.IsNullOrWhiteSpace(question) || question.Length > TextBounds.QuestionCharacters)
            throw new ArgumentException($"A question has 1 to {TextBounds.QuestionCharacters:N0} characters.");
        return new(runId => found.For(runId).Agent, question);
    }
}
