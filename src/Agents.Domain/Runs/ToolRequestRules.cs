using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>
/// The rules of a single tool call: whether it may be made, whether a person must approve it, and what is said when its effect is in doubt.
/// </summary>
static class ToolRequestRules
{
    /// <summary>Requests what the model asked for, or refuses it: a tool that the step may not use, or one too many in a turn.</summary>
    /// <param name="index">Position among the requests of the call, from 0.</param>
    public static void Request(Decision decision, int call, int index, ToolRequest request)
    {
        var (step, id) = ((ModelStep)decision.Step(), ToolCallIds.OfModelCall(call, index + 1));
        var limits = decision.Agent.Limits;

        if (step.GrantOf(request.Tool) is not { } grant)
            Refuse(decision, id, call, request, new(FailureKind.UnknownTool, $"Step {step.Name} has no tool {request.Tool}."));
        else if (index >= limits.ToolCallsPerTurn)
            Refuse(decision, id, call, request, new(FailureKind.CallLimit, $"Only {limits.ToolCallsPerTurn} tools may be called in one turn."));
        else
            Schedule(decision, id, call, grant, request.Arguments);
    }

    /// <summary>
    /// Requests a call that is allowed; its first attempt is due at once, unless a person must approve it. What is only read from a record needs no
    /// approval.
    /// </summary>
    /// <param name="call">The model call that asked. Null for a tool step.</param>
    public static void Schedule(Decision decision, string id, int? call, ToolGrant grant, string arguments)
    {
        var needsApproval = grant.NeedsApproval && !decision.Run.RecordedTools;
        var within = needsApproval ? decision.Agent.Limits.ApprovalWithin : null;
        decision.Add(new ToolCallRequested(id, call, grant.Tool, arguments, needsApproval, within));
    }

    /// <summary>What a person reads who is to find out whether the call had its effect.</summary>
    public static Failure InDoubt(Run run, string toolCallId, Failure failure) => failure with
    {
        Message = $"It is not known whether {run.ToolCalls[toolCallId].Tool} ({toolCallId}) had its effect, "
            + $"and resuming will not make the call again: {failure.Message}",
    };

    static void Refuse(Decision decision, string id, int call, ToolRequest request, Failure failure) => decision
        .Add(new ToolCallRequested(id, call, request.Tool, request.Arguments, NeedsApproval: false))
        .Add(new ToolCallFailed(id, Attempt: 0, failure, TimeSpan.Zero));
}
