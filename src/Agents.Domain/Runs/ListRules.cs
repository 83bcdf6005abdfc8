using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The rules of a tool step that works on a list: a few items at a time, and how many of them may fail.</summary>
static class ListRules
{
    /// <summary>
    /// Requests the next items, as many as may be under way, and completes the step after the last. A resumed run of which too many had failed first
    /// tries those again, as many at a time, and asks for nothing else meanwhile.
    /// </summary>
    public static Decision GoOn(Decision decision, ToolStep step, ForEach list)
    {
        var (run, agent) = (decision.Run, decision.Agent);
        var items = ItemsOf(run, agent, list);
        if (items.Count > list.Most)
            return decision.Add(new RunFailed(new(FailureKind.CallLimit, FormattableString.Invariant(
                $"The list of step {step.Name} has {items.Count:N0} items and may have {list.Most:N0}."))));

        var free = list.Parallel - run.ToolCalls.Values.Count(call => !call.IsSettled());
        if (TriesAgain(run, agent, list)) return ToolStepRules.TryAgain(decision, run.ToolCalls.Where(call => IsYetToBeTried(call.Value)).Take(free));
        if (HasTooManyFailures(run, agent, list))
            return decision.Add(new RunFailed(new(FailureKind.Rejected, $"{WhatFailed(step, list)}.")));

        var (requested, next) = (run.ToolCalls.Count, items.Skip(run.ToolCalls.Count).Take(free));
        foreach (var (index, arguments) in ArgumentBinding.Bind(step, run.Sources(agent), next).Index())
            ToolRequestRules.Schedule(decision, ToolStepRules.IdOf(run, requested + index), call: null, step.Tool, arguments);
        return decision.Run.IsWaiting() ? decision : ToolStepRules.Complete(decision, step);
    }

    /// <summary>More calls failed, or were denied, than may. Those that are yet to be tried again do not count.</summary>
    public static bool HasTooManyFailures(Run run, AgentDefinition agent, ForEach list) => IsTooMany(
        run, agent, list, TriesAgain(run, agent, list) ? call => HasFailedOrWasDenied(call) && !IsYetToBeTried(call) : HasFailedOrWasDenied);

    /// <summary>Items of the step under way that no call was requested for yet.</summary>
    public static int ItemsToCome(Run run, AgentDefinition agent) => run.IsInStep && agent.Steps[run.Step] is ToolStep { ForEach: { } list }
        ? Math.Max(0, ItemsOf(run, agent, list).Count - run.ToolCalls.Count)
        : 0;

    /// <summary>Why the step cannot go on; without a full stop.</summary>
    public static string WhatFailed(ToolStep step, ForEach list) => list.Failures is { } most
        ? FormattableString.Invariant($"More than {most:N0} calls of step {step.Name} failed or were denied")
        : $"Every call of step {step.Name} failed or was denied";

    /// <summary>The call failed before its run was resumed, or forked, and was not tried since.</summary>
    public static bool IsYetToBeTried(ToolCall call) => ToolStepRules.IsFailed(call) && call.Attempt == call.AttemptsBefore;

    /// <summary>When the run was resumed, more had failed than may, and not all of those were tried again yet. What failed since does not count.</summary>
    static bool TriesAgain(Run run, AgentDefinition agent, ForEach list) => run.ToolCalls.Values.Any(IsYetToBeTried)
        && IsTooMany(
            run, agent, list,
            call => call.Status is ToolCallStatus.Denied || IsYetToBeTried(call) || call.AttemptsBefore > 0 && call.Attempt > call.AttemptsBefore);

    static bool HasFailedOrWasDenied(ToolCall call) => call.Status is ToolCallStatus.Denied || ToolStepRules.IsFailed(call);

    /// <summary>Whether so many calls may not fail. The list itself is read only if all that were requested have.</summary>
    static bool IsTooMany(Run run, AgentDefinition agent, ForEach list, Func<ToolCall, bool> isCounted)
    {
        var failed = run.ToolCalls.Values.Count(isCounted);
        if (list.Failures is { } most) return failed > most;
        return failed > 0 && failed == run.ToolCalls.Count && failed == ItemsOf(run, agent, list).Count;
    }

    static IReadOnlyList<JsonElement> ItemsOf(Run run, AgentDefinition agent, ForEach list) => ArgumentBinding.Items(list, run.Sources(agent));
}
