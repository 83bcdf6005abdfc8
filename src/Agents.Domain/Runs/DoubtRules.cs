using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The rules of tool calls that must not be made twice and may have had their effect: only a person can say what became of them.</summary>
public static class DoubtRules
{
    /// <summary>Whether it is not known if the call had its effect, and a person may say so: the call is one of the turn under way.</summary>
    public static bool IsInDoubt(this Run run, string toolCallId) =>
        !run.IsFinished() && run.ToolCalls.GetValueOrDefault(toolCallId)?.IsInDoubt() is true;

    /// <summary>The ids of the calls of the turn under way of which it is not known whether they had their effect.</summary>
    public static IEnumerable<string> CallsInDoubt(this Run run) => run.ToolCalls.Where(call => call.Value.IsInDoubt()).Select(call => call.Key);

    static bool IsInDoubt(this ToolCall call) => call is { Status: ToolCallStatus.Failed, Failure: FailureKind.OutcomeUnknown };

    /// <summary>
    /// What the person says counts as the call's outcome, or the call is made again. A run that is parked for nothing else goes on; one whose step
    /// cannot, because too many of its other calls failed, stays parked.
    /// </summary>
    internal static Decision Resolve(Run run, AgentDefinition agent, ResolveToolCall command)
    {
        var decision = Decision.On(run, agent);
        if (!run.IsInDoubt(command.ToolCallId)) return decision;

        var attempt = run.ToolCalls[command.ToolCallId].Attempt;
        decision.Add(new ToolCallResolved(
            command.ToolCallId, attempt, command.Result, command.Failed, command.By, command.Reason, command.ByKey));
        if (command is { Result: null, Failed: null }) decision.Add(new ToolCallScheduled(command.ToolCallId, attempt + 1, TimeSpan.Zero));
        var isFruitless = ToolStepRules.IsFruitless(decision, out var step); // looked at before resuming renews the calls
        var staysParked = isFruitless && command.Failed is null;
        if (decision.Run is { Status: RunStatus.Parked, AwaitsBudget: null } && !decision.Run.CallsInDoubt().Any() && !staysParked)
            decision.Add(new RunResumed(command.By, command.Reason, command.ByKey));
        return isFruitless && command.Failed is { } why
            ? ParkingRules.Park(decision, ToolStepRules.WhyParked(step!, new(FailureKind.ToolError, why)))
            : RunDecider.Continue(decision);
    }
}
