using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>How a worker performs a model call attempt: load, claim, one call. The report is left in the effort.</summary>
static class ModelWork
{
    public static IEnumerable<int> Perform(World world, SimulatedNode node, CallModel work, Effort effort)
    {
        yield return 0;
        var loaded = world.Log.Run;
        if (loaded.ModelCall is not { Status: not AttemptStatus.Failed } call || call.Call != work.Call || call.Number != work.Attempt) yield break;
        if (call.Status is AttemptStatus.Scheduled && loaded.Status is not RunStatus.Running) yield break;

        var step = (ModelStep)world.Agent.Steps[loaded.Step];
        Checks.Told(Conversation.Of(world.Log.Facts.Select(stored => stored.Fact), world.Agent.Limits.PassagesPerStep));
        var started = new ModelCallStarted(work.Call, work.Attempt, node.Name, "hash", "2026-11", Provider.ReservedUsd);
        var ownerIsGone = call.Worker is { } owner && (owner == node.Name || world.LooksGone(owner));

        yield return 0;
        var version = world.Log.Version;
        var claim = Claimed(world, work, started, ownerIsGone);
        if (claim is Claim.Lost)
        {
            RequireNotOwn(node, Effort.Of(work.Call, work.Attempt), call.Worker);
            effort.Report = new RecordModelCallLost(work.Call, work.Attempt, UnknownCause.WorkerLost);
        }

        if (claim is not Claim.Taken taken) yield break;

        yield return 0;
        if (world.Mutant is not Mutant.CallBeforeIntent && !Take()) yield break;

        yield return 0;
        var request = world.Send(node, work, step);
        yield return world.Now + request.Ticks;
        if (world.Mutant is Mutant.CallBeforeIntent && !Take()) yield break;

        effort.Report = IsAborted(world, effort)
            ? new RecordModelCallLost(work.Call, work.Attempt, UnknownCause.Cancelled)
            : Heard(world, request.Answer);
        if (effort.Report is RecordModelReply { Cost: not null }) world.Checks.ReplyCame(node.Name, work);

        bool Take()
        {
            effort.HasFailed = !node.Commit(version, [taken.Started], []);
            if (!effort.HasFailed) node.Performing.Add(Effort.Of(work.Call, work.Attempt));
            return !effort.HasFailed;
        }
    }

    static Claim Claimed(World world, CallModel work, ModelCallStarted started, bool ownerIsGone)
    {
        var claim = Claim.On(world.Log.Run, work, started, ownerIsGone);
        return claim is Claim.NotDue && world.Mutant is Mutant.ClaimIgnoresStarted
            && world.Log.Run.ModelCall is { Status: AttemptStatus.Started } call && call.Call == work.Call && call.Number == work.Attempt
            ? new Claim.Taken(started)
            : claim;
    }

    static ModelReport Heard(World world, ModelReport answer) =>
        world.Mutant is Mutant.CutStreamTakenForRefusal && answer is RecordModelFailure { Failure.Kind: FailureKind.StreamCut } cut
            ? cut with { Failure = cut.Failure with { Kind = FailureKind.Unavailable } }
            : answer;

    /// <exception cref="ViolationException">This process is performing the attempt that it takes for lost.</exception>
    public static void RequireNotOwn(SimulatedNode node, string attempt, string? owner)
    {
        if (owner == node.Name && node.Performing.Contains(attempt))
            throw new ViolationException(Invariant.NoWorkerGivesUpItsOwnWork, $"{attempt} of {owner}");
    }

    /// <summary>A run that ended here aborts its calls at once; one that ended elsewhere perhaps.</summary>
    public static bool IsAborted(World world, Effort effort) => effort.IsAborted || world.Log.Run.IsFinished() && world.Random.Next(2) == 0;
}
