using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>How a worker performs a tool call attempt. One that must not run twice is claimed first. The report is left in the effort.</summary>
static class ToolWork
{
    static readonly FailureKind[] Failures =
        [FailureKind.Timeout, FailureKind.Unavailable, FailureKind.RateLimited, FailureKind.ToolError, FailureKind.BadArguments];

    public static IEnumerable<int> Perform(World world, SimulatedNode node, RunTool work, Effort effort)
    {
        yield return 0;
        if (!world.Log.Run.ToolCalls.TryGetValue(work.ToolCallId, out var call)) yield break;

        var started = new ToolCallStarted(work.ToolCallId, work.Attempt, node.Name);
        var isRepeatable = SampleAgents.IsRepeatable(call.Tool);
        if (isRepeatable && Claim.On(world.Log.Run, work, started, ownerIsGone: false) is not Claim.Taken) yield break;

        if (!isRepeatable)
        {
            var ownerIsGone = call.Worker is { } owner && (owner == node.Name || world.LooksGone(owner));

            yield return 0;
            var version = world.Log.Version;
            var claim = Claim.On(world.Log.Run, work, started, ownerIsGone);
            if (claim is Claim.Lost)
            {
                ModelWork.RequireNotOwn(node, Effort.Of(work.ToolCallId, work.Attempt), call.Worker);
                effort.Report = Failed(world.Mutant is Mutant.UnsafeToolRunAgain ? FailureKind.RateLimited : FailureKind.OutcomeUnknown);
            }

            if (claim is not Claim.Taken taken) yield break;

            yield return 0;
            effort.HasFailed = !node.Commit(version, [taken.Started], []);
            if (effort.HasFailed) yield break;
            node.Performing.Add(Effort.Of(work.ToolCallId, work.Attempt));
        }

        yield return 0;
        world.Trace?.Note($"{node.Name} runs {call.Tool} for {work}");
        if (!isRepeatable) world.Checks.ToolBegins(work);
        var failure = world.Hits(world.Faults.Tool) ? Failures[world.Random.Next(Failures.Length)] : (FailureKind?)null;
        if (!isRepeatable && HasEffect(failure, world.Random)) world.Checks.Effect(work.ToolCallId);
        yield return world.Now + world.Random.Next(8);

        effort.Report = ModelWork.IsAborted(world, effort) ? Failed(FailureKind.OutcomeUnknown)
            : failure is { } kind ? Failed(kind is FailureKind.Timeout && !isRepeatable ? FailureKind.OutcomeUnknown : kind)
            : Found(work);

        RecordToolFailure Failed(FailureKind kind) => new(work.ToolCallId, work.Attempt, new(kind, "No."), TimeSpan.Zero);
    }

    /// <summary>A tool that says it did nothing, or that it was asked too often, speaks the truth.</summary>
    static bool HasEffect(FailureKind? failure, Random random) => failure switch
    {
        null => true,
        FailureKind.Timeout or FailureKind.Unavailable => random.Next(2) == 0,
        _ => false,
    };

    static RecordToolResult Found(RunTool work) => new(
        work.ToolCallId, work.Attempt, "found", Truncated: false, TimeSpan.Zero,
        new("a query", [Passage(work.ToolCallId), Passage("shared")]));

    static Passage Passage(string id) => new("doc-" + id, 1, id, id + ".md", "Title", "Text", 1.0);
}
