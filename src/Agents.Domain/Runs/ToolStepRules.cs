using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The rules of a tool step: which calls it makes, what its output is, and when it cannot go on.</summary>
/// <remarks>Those of a step that works on a list are <see cref="ListRules"/>.</remarks>
static class ToolStepRules
{
    /// <summary>The most that a step's results, and the output made of them, may hold together, in UTF-16 units.</summary>
    public const int MostCharacters = 1_048_576;

    /// <summary>The deepest result that becomes a part of a JSON output as JSON; a deeper one becomes a text.</summary>
    const int ResultDepth = OutputJson.Depth / 2;

    /// <summary>Requests the calls of a step without a list, or, when all have settled, ends it; what failed is tried again on resuming.</summary>
    public static Decision GoOn(Decision decision, ToolStep step)
    {
        var (run, agent) = (decision.Run, decision.Agent);
        if (run.ToolCalls.Count > 0)
            return IsFruitless(decision, step)
                ? TryAgain(decision, run.ToolCalls.Where(call => IsFailed(call.Value)))
                : RunDecider.Continue(Complete(decision, step));

        foreach (var (index, arguments) in ArgumentBinding.Bind(step, run.Sources(agent), agent.Limits.ToolCallsPerTurn).Index())
            ToolRequestRules.Schedule(decision, IdOf(run, index), call: null, step.Tool, arguments);
        return decision;
    }

    /// <summary>All calls have settled; the output is made of what they brought, where that is kept.</summary>
    public static Decision Complete(Decision decision, ToolStep step)
    {
        var run = decision.Run;
        var output = step.ForEach is not null && run.ToolCalls.Count == 0 ? "[]" : run.KeepsResults ? OutputOf(run, step) : "";
        return output.Length > MostCharacters
            ? decision.Add(TooLong(step))
            : StepRules.Complete(decision, output, run.Answer?.Citations ?? [], incomplete: null);
    }

    /// <summary>Failed calls once more. Not one of which it is not known whether it had its effect.</summary>
    public static Decision TryAgain(Decision decision, IEnumerable<KeyValuePair<string, ToolCall>> calls)
    {
        foreach (var (id, call) in calls) decision.Add(new ToolCallScheduled(id, call.Attempt + 1, TimeSpan.Zero));
        return decision;
    }

    /// <summary>
    /// The step under way is a tool step that cannot go on: all its calls came to nothing, or, of a list, more of them than may. A model step goes
    /// on: the model is told, and may find another way.
    /// </summary>
    public static bool IsFruitless(Decision decision, [NotNullWhen(true)] out ToolStep? step)
    {
        step = decision.Step() as ToolStep;
        return step is not null && IsFruitless(decision, step);
    }

    /// <summary>The results kept are too long to make an output of them.</summary>
    public static bool IsTooLong(Run run) => run.KeepsResults && run.ToolCalls.Values.Sum(call => (long)(call.Result?.Length ?? 0)) > MostCharacters;

    public static RunFailed TooLong(StepDefinition step) => new(new(FailureKind.OutputLimit, FormattableString.Invariant(
        $"What step {step.Name} brought has more than {MostCharacters:N0} characters, and the run would have to keep it.")));

    /// <summary>Why a run parks after the failure of a call.</summary>
    public static Failure WhyParked(ToolStep step, Failure last) => step.ForEach is { } list
        ? last with { Message = $"{ListRules.WhatFailed(step, list)}, the last with: {last.Message}" }
        : last;

    /// <summary>
    /// The model is told. A tool step that cannot go on parks the run if something failed, which can be tried again, and else fails it.
    /// </summary>
    /// <param name="by">The person, or <c>system</c>.</param>
    public static Decision AfterDenial(Decision decision, string by, string reason)
    {
        if (!IsFruitless(decision, out var step)) return RunDecider.Continue(decision);

        var failed = decision.Run.ToolCalls.Values.FirstOrDefault(IsFailed)?.Failure;
        if (step.ForEach is { } list)
            return failed is { } kind ? ParkingRules.Park(decision, new(kind, ListRules.WhatFailed(step, list) + "."))
                : decision.Add(Rejected($"{ListRules.WhatFailed(step, list)}, the last denied by {by}: {reason}"));

        return failed is { } why ? ParkingRules.Park(decision, new(why, $"Every call of step {step.Name} failed or was denied."))
            : decision.Add(Rejected($"Every call of step {step.Name} was denied, the last by {by}: {reason}"));
    }

    /// <summary>The call failed and may be made again.</summary>
    public static bool IsFailed(ToolCall call) => call is { Status: ToolCallStatus.Failed, Failure: not FailureKind.OutcomeUnknown };

    /// <param name="index">From 0.</param>
    public static string IdOf(Run run, int index) => ToolCallIds.OfStep(run.Step, index + 1, run.VisitsOf(run.Step));

    static RunFailed Rejected(string why) => new(new(FailureKind.Rejected, why));

    static bool IsFruitless(Decision decision, ToolStep step) => step.ForEach is { } list
        ? ListRules.HasTooManyFailures(decision.Run, decision.Agent, list)
        : decision.Run.HasNothingOfItsToolCalls();

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
        result is null ? "null" : OutputJson.Read(result, ResultDepth) is null ? JsonSerializer.Serialize(result, OutputJson.Readable) : result;
}
