using Agents.Domain.Runs;

namespace Agents.Projections;

/// <summary>The names under which facts are stored. A promise: add, never rename.</summary>
public static class EventNames
{
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(RunQueued)] = "run_queued",
        [typeof(StateInherited)] = "state_inherited",
        [typeof(ForkStarted)] = "fork_started",
        [typeof(ForkEnded)] = "fork_ended",
        [typeof(RunStarted)] = "run_started",
        [typeof(RunPaused)] = "run_paused",
        [typeof(RunResumed)] = "run_resumed",
        [typeof(RunParked)] = "run_parked",
        [typeof(RunBudgetChanged)] = "run_budget_changed",
        [typeof(RunClosing)] = "run_closing",
        [typeof(RunCompleted)] = "run_completed",
        [typeof(RunFailed)] = "run_failed",
        [typeof(RunCancelled)] = "run_cancelled",
        [typeof(StepStarted)] = "step_started",
        [typeof(StepSkipped)] = "step_skipped",
        [typeof(StepCompleted)] = "step_completed",
        [typeof(WaitStarted)] = "wait_started",
        [typeof(WaitEnded)] = "wait_ended",
        [typeof(SignalReceived)] = "signal_received",
        [typeof(ModelCallScheduled)] = "model_call_scheduled",
        [typeof(ModelCallStarted)] = "model_call_started",
        [typeof(ModelCallCompleted)] = "model_call_completed",
        [typeof(ModelCallFailed)] = "model_call_failed",
        [typeof(ModelCallOutcomeUnknown)] = "model_call_outcome_unknown",
        [typeof(SpendResolved)] = "spend_resolved",
        [typeof(ToolCallRequested)] = "tool_call_requested",
        [typeof(ToolCallApproved)] = "tool_call_approved",
        [typeof(ToolCallDenied)] = "tool_call_denied",
        [typeof(ToolCallScheduled)] = "tool_call_scheduled",
        [typeof(ToolCallStarted)] = "tool_call_started",
        [typeof(ChildRunStarted)] = "child_run_started",
        [typeof(ToolCallCompleted)] = "tool_call_completed",
        [typeof(ToolCallFailed)] = "tool_call_failed",
        [typeof(ToolCallResolved)] = "tool_call_resolved",
        [typeof(PassagesRetrieved)] = "passages_retrieved",
    };
}
