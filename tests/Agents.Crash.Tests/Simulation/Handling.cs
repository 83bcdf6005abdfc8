using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>
/// How a worker handles a message: perform the attempt, unless this process has it already; decide; commit. Between any two steps
/// the process may die or stand still.
/// </summary>
static class Handling
{
    public static IEnumerator<int> Of(World world, SimulatedNode node, Envelope envelope)
    {
        var key = KeyOf(envelope.Message);
        if (world.Mutant is Mutant.NoInFlight || !node.Efforts.TryGetValue(key, out var effort))
        {
            node.Efforts[key] = effort = new();
            var steps = envelope.Message is CallModel call
                ? ModelWork.Perform(world, node, call, effort)
                : ToolWork.Perform(world, node, (RunTool)envelope.Message, effort);
            foreach (var until in steps) yield return until;
            if (effort.Report is null) node.Forget(key);
            if (effort.HasFailed) node.Retry(envelope);
        }

        if (effort.Report is not { } report) yield break; // nothing is due, or it is still under way

        yield return 0;
        var version = world.Log.Version;
        var decision = report is ModelReport model
            ? RunDecider.Decide(world.Log.Run, world.Agent, model)
            : RunDecider.Decide(world.Log.Run, world.Agent, (ToolReport)report);
        var facts = Without(world.Mutant, decision.Events);
        if (facts.Count == 0)
        {
            node.Forget(key); // it came late; nobody waits for it
            yield break;
        }

        yield return 0;
        if (!node.Commit(version, facts, [.. decision.Due()], decision.Slot())) node.Retry(envelope);
    }

    static string KeyOf(object message) => message switch
    {
        CallModel work => Effort.Of(work.Call, work.Attempt),
        RunTool work => Effort.Of(work.ToolCallId, work.Attempt),
        _ => throw new InvalidOperationException(message.GetType().Name),
    };

    static IReadOnlyList<RunEvent> Without(Mutant mutant, IReadOnlyList<RunEvent> facts) => mutant switch
    {
        Mutant.LateReplyDropped => [.. facts.Where(fact => fact is not SpendResolved)],
        Mutant.LostCallNotRecorded => [.. facts.Where(fact => fact is not ModelCallOutcomeUnknown { Cause: UnknownCause.WorkerLost })],
        _ => facts,
    };
}
