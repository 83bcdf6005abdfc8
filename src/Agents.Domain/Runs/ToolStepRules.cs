using System.Text.Encodings.Web;
using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The rules of a tool step: which calls it makes, for a list a few at a time, and what its output is.</summary>
static class ToolStepRules
{
    /// <summary>The most that a step's results, and the output made of them, may hold together, in UTF-16 units.</summary>
    public const int MostCharacters = 1_048_576;

    /// <summary>The deepest result that becomes a part of a JSON output as JSON; a deeper one becomes a text.</summary>
    const int ResultDepth = OutputJson.Depth / 2;

    static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>All calls of a step without a list.</summary>
    public static Decision Request(Decision decision, ToolStep step)
    {
        var (run, agent) = (decision.Run, decision.Agent);
        var bound = ArgumentBinding.Bind(step, run.Question, name => StepRules.OutputOf(run, agent, name), run.LabelOf);
        foreach (var (arguments, index) in bound.Take(agent.Limits.ToolCallsPerTurn).Select((arguments, index) => (arguments, index)))
            RunDecider.Schedule(decision, IdOf(run, index), call: null, step.Tool, arguments);
        return decision;
    }

    /// <summary>
    /// Requests the next items of a list, as many as may be under way, and completes the step after the last. When too many have failed, which only
    /// a resumed run comes to, those are tried again and nothing else.
    /// </summary>
    public static Decision GoOn(Decision decision, ToolStep step, ForEach list)
    {
        var (run, agent) = (decision.Run, decision.Agent);
        var items = ItemsOf(run, agent, list);
        if (items.Count > list.Most)
            return decision.Add(new RunFailed(new(FailureKind.CallLimit, FormattableString.Invariant(
                $"The list of step {step.Name} has {items.Count:N0} items and may have {list.Most:N0}."))));
        if (HasTooManyFailures(run, list, items.Count))
            return run.ToolCalls.Values.Any(IsFailed) ? TryFailedAgain(decision)
                : decision.Add(new RunFailed(new(FailureKind.Rejected, $"{WhatFailed(step, list)}.")));

        var open = run.ToolCalls.Values.Count(call => !call.IsSettled());
        foreach (var index in Enumerable.Range(run.ToolCalls.Count, items.Count - run.ToolCalls.Count).Take(list.Parallel - open))
            RunDecider.Schedule(
                decision, IdOf(run, index), call: null, step.Tool,
                ArgumentBinding.BindItem(step, items[index], run.Question, name => StepRules.OutputOf(run, agent, name), run.LabelOf));
        return decision.Run.IsWaiting() ? decision : Complete(decision, step);
    }

    /// <summary>All calls have settled; the output is made of what they brought, where that is kept.</summary>
    public static Decision Complete(Decision decision, ToolStep step)
    {
        var run = decision.Run;
        var output = step.ForEach is not null && run.ToolCalls.Count == 0 ? "[]" : run.KeepsResults ? OutputOf(run, step) : "";
        return output.Length > MostCharacters
            ? decision.Add(TooLong(step))
            : RunDecider.Complete(decision, output, run.Answer?.Citations ?? [], incomplete: null);
    }

    /// <summary>Every failed call once more. Not one of which it is not known whether it had its effect.</summary>
    public static Decision TryFailedAgain(Decision decision)
    {
        foreach (var (id, call) in decision.Run.ToolCalls.Where(call => IsFailed(call.Value)))
            decision.Add(new ToolCallScheduled(id, call.Attempt + 1, TimeSpan.Zero));
        return decision;
    }

    /// <summary>The step cannot go on: all its calls came to nothing, or, of a list, more of them than may.</summary>
    public static bool IsFruitless(Decision decision, ToolStep step) => step.ForEach is { } list
        ? HasTooManyFailures(decision.Run, list, ItemsOf(decision.Run, decision.Agent, list).Count)
        : decision.Run.HasNothingOfItsToolCalls();

    /// <summary>The results kept are too long to make an output of them.</summary>
    public static bool IsTooLong(Run run) => run.KeepsResults && run.ToolCalls.Values.Sum(call => (long)(call.Result?.Length ?? 0)) > MostCharacters;

    public static RunFailed TooLong(StepDefinition step) => new(new(FailureKind.OutputLimit, FormattableString.Invariant(
        $"What step {step.Name} brought has more than {MostCharacters:N0} characters, and the run would have to keep it.")));

    /// <summary>Why a run parks after the failure of a call.</summary>
    public static Failure WhyParked(Decision decision, ToolStep step, Failure last) => step.ForEach is { } list
        ? last with { Message = $"{WhatFailed(step, list)}, the last with: {last.Message}" }
        : last;

    /// <summary>A step that cannot go on after a denial: what failed can be tried again; what was denied cannot.</summary>
    /// <param name="by">The person, or <c>system</c>.</param>
    public static RunEvent AfterDenial(Run run, ToolStep step, string by, string reason)
    {
        var failed = run.ToolCalls.Values.FirstOrDefault(IsFailed);
        if (step.ForEach is { } list)
            return failed is { Failure: { } kind } ? new RunParked(new(kind, WhatFailed(step, list) + "."))
                : new RunFailed(new(FailureKind.Rejected, $"{WhatFailed(step, list)}, the last denied by {by}: {reason}"));

        return failed is { Failure: { } why } ? new RunParked(new(why, $"Every call of step {step.Name} failed or was denied."))
            : new RunFailed(new(FailureKind.Rejected, $"Every call of step {step.Name} was denied, the last by {by}: {reason}"));
    }

    /// <summary>Items of the step under way that no call was requested for yet.</summary>
    public static int ItemsToCome(Run run, AgentDefinition agent) => run.IsInStep && agent.Steps[run.Step] is ToolStep { ForEach: { } list }
        ? Math.Max(0, ItemsOf(run, agent, list).Count - run.ToolCalls.Count)
        : 0;

    /// <summary>
    /// The result of the step's only call, or a JSON array with one element for each call, in their order; null for one without a result.
    /// </summary>
    static string OutputOf(Run run, ToolStep step)
    {
        var isList = step.ForEach is not null || step.Arguments.Values.Any(argument => argument is Argument.EachLine);
        var results = run.ToolCalls.OrderBy(call => call.Key.Length).Select(call => call.Value.Result); // 1,000 stands after 999
        return isList ? $"[{string.Join(",", results.Select(Element))}]" : results.FirstOrDefault() ?? "";
    }

    static string Element(string? result) =>
        result is null ? "null" : OutputJson.Read(result, ResultDepth) is null ? JsonSerializer.Serialize(result, Readable) : result;

    static bool HasTooManyFailures(Run run, ForEach list, int items) =>
        run.ToolCalls.Values.Count(call => call.Status is ToolCallStatus.Denied || IsFailed(call)) > (list.Failures ?? Math.Max(0, items - 1));

    static bool IsFailed(ToolCall call) => call is { Status: ToolCallStatus.Failed, Failure: not FailureKind.OutcomeUnknown };

    static string WhatFailed(ToolStep step, ForEach list) => list.Failures is { } most
        ? FormattableString.Invariant($"More than {most:N0} calls of step {step.Name} failed or were denied")
        : $"Every call of step {step.Name} failed or was denied";

    static IReadOnlyList<JsonElement> ItemsOf(Run run, AgentDefinition agent, ForEach list) =>
        ArgumentBinding.Items(list, name => StepRules.OutputOf(run, agent, name));

    static string IdOf(Run run, int index) => ToolCallIds.OfStep(run.Step, index + 1, run.VisitsOf(run.Step));
}
