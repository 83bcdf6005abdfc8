using Agents.Domain.Costs;
using Agents.Domain.Runs;
using Agents.Host.Engine.Attempts;
using Agents.Host.Http;
using Agents.Host.Log;
using Agents.Projections;
using Microsoft.Extensions.AI;

namespace Agents.Host.Api.Runs;

/// <summary>A run as it was after one of its facts.</summary>
/// <param name="Version">Of that fact, from 1.</param>
/// <param name="LastVersion">Of the last fact the run has now.</param>
/// <param name="Type">The stored name of that fact.</param>
/// <param name="At">When that fact was stored, by the database's clock.</param>
/// <param name="DefinitionHash">Of the definition that the run obeys; see <c>GET /definitions/{hash}</c>.</param>
/// <param name="Step">Position of the step begun last, from 0; -1 before the first.</param>
/// <param name="IsInStep">That step was not complete.</param>
/// <param name="Outputs">What completed steps said that a later step reads, by the step's name.</param>
/// <param name="ModelCall">The model call in flight, or the failed one that is to be tried again. Null between calls.</param>
/// <param name="ToolCalls">Of the turn under way, settled ones included.</param>
/// <param name="CostUsd">US dollars that priced calls had cost by then.</param>
/// <param name="CommittedUsd">US dollars that counted against its budget by then, at most.</param>
/// <param name="Messages">What a model would have been told then, oldest first.</param>
/// <param name="NewSpendUsd">What this answer has bought: nothing, ever.</param>
/// <param name="InheritedSpendUsd">US dollars that this state had cost: the run's own calls, and for a fork those of the history it continues.</param>
public sealed record StateView(
    Guid Id, long Version, long LastVersion, string Type, DateTimeOffset At, string Status, string Agent, int AgentVersion, string DefinitionHash,
    string Model, string Question, int Step, string? StepName, bool IsInStep, IReadOnlyDictionary<string, string> Outputs, int ModelCalls,
    ModelCallState? ModelCall, IReadOnlyList<ToolCallView> ToolCalls, Usage Usage, decimal? CostUsd, int UnpricedCalls,
    UnconfirmedView? UnconfirmedUsd, decimal? BudgetUsd, decimal? CommittedUsd, IReadOnlyList<MessageView> Messages, decimal? NewSpendUsd,
    decimal? InheritedSpendUsd);

/// <param name="Status">scheduled, started or failed.</param>
public sealed record ModelCallState(int Call, int Attempt, AttemptStatus Status, string? Worker, decimal? ReservedUsd);

/// <summary>One message of a prompt.</summary>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="ToolCalls">Tools that the model asked for in it. Null when there are none.</param>
/// <param name="ToolCallId">The call whose result it is. Null for other messages.</param>
public sealed record MessageView(string Role, string Text, IReadOnlyList<AskedTool>? ToolCalls, string? ToolCallId);

public sealed record AskedTool(string ToolCallId, string Tool, IReadOnlyDictionary<string, object?>? Arguments);

static class StateViews
{
    public static IResult NoVersion(long wanted, long last) =>
        Refusals.Unknown("Unknown version", $"The run has versions 1 to {last}; {wanted} is none of them.").Answer();

    public static StateView Of(LoadedRun whole, PastRun past, PastRuns runs)
    {
        var (run, agent, fact) = (past.Run, past.Agent, past.Loaded.Facts[^1]);
        return new(
            run.Id, past.Loaded.Version, whole.Version, EventNames.All[fact.Happened.GetType()], fact.At, run.Status.ToString().ToLowerInvariant(), run.Agent, run.AgentVersion,
            run.DefinitionHash, run.Model, run.Question, run.Step, run.Step < 0 ? null : agent.Steps[run.Step].Name, run.IsInStep,
            run.Outputs.ToDictionary(output => agent.Steps[output.Key].Name, output => output.Value), run.ModelCalls,
            run.ModelCall is { } call ? new(call.Call, call.Number, call.Status, call.Worker, call.ReservedUsd) : null,
            [.. run.ToolCalls.Select(one => ToolCallView.Of(one.Key, one.Value))],
            run.Usage, run.CostUsd, run.UnpricedCalls, Unconfirmed(run), run.BudgetUsd, run.CommittedUsd(),
            [.. runs.Told(past).Messages.Where(message => message.Role != ChatRole.System || message.Text.Length > 0).Select(Of)],
            NewSpendUsd: 0, run.CostUsd + run.InheritedUsd);
    }

    public static MessageView Of(ChatMessage message)
    {
        var asked = message.Contents.OfType<FunctionCallContent>()
            .Select(call => new AskedTool(call.CallId, call.Name, call.Arguments?.AsReadOnly())).ToList();
        var result = message.Contents.OfType<FunctionResultContent>().FirstOrDefault();
        return new(
            message.Role.Value, result?.Result?.ToString() ?? message.Text, asked.Count > 0 ? asked : null, result?.CallId);
    }

    static UnconfirmedView? Unconfirmed(Run run) => run.Unconfirmed.Count == 0
        ? null
        : new(
            run.Unconfirmed.Count, run.Unconfirmed.Sum(attempt => attempt.LowUsd),
            run.Unconfirmed.All(attempt => attempt.HighUsd is not null) ? run.Unconfirmed.Sum(attempt => attempt.HighUsd) : null);
}
