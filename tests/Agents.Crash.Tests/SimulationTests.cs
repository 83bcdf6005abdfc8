using Agents.Crash.Tests.Simulation;

namespace Agents.Crash.Tests;

/// <summary>The server's own engine, in thousands of worlds that crash, pause, repeat, lose, misjudge and drain.</summary>
public sealed class SimulationTests
{
    const int EnoughSeeds = 20_000;
    const int SeedsForMutants = 10_000; // most are caught in the first hundred

    [Fact]
    public void Whatever_goes_wrong_around_a_run_every_invariant_holds()
    {
        var (tally, violations) = Seeds.Run(from: 0, EnoughSeeds, Mutant.None);

        if (violations.Count > 0) Assert.Fail($"{tally.Violations} seeds failed, among them\n{Seeds.Story(violations[0].Seed, Mutant.None)}");
        Assert.All(
            [
                tally.Crashes, tally.Pauses, tally.Duplicates, tally.LostMessages, tally.WrongVerdicts,
                tally.Redrives, tally.StaleWrites, tally.Unconfirmed, tally.Resolved, tally.Children, tally.Forks, tally.Refusals, tally.RateWaits,
                tally.Drains, tally.Expired, tally.Skipped, tally.TakenAgain, tally.WaitsByTime, tally.WaitsBySignal, tally.Takeovers,
                tally.DeathsBeforeTakeovers, tally.Closings, tally.Unfit,
            ],
            struck => Assert.True(struck > 0));
        Assert.True(tally.Completed > EnoughSeeds / 2, $"Only {tally.Completed} runs completed.");
    }

    /// <summary>Put a seed here to read its story.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1097110)] // a node does not know of its claim, waits for the rate, and the run is another one's
    [InlineData(215905)] // a child is cancelled in a call, and its parent spends on
    [InlineData(20584)] // a parent of many children waits for one of them, and that one for people
    public void A_seed_always_tells_the_same_story_and_every_invariant_holds(int seed)
    {
        var story = Seeds.Story(seed, Mutant.None);

        Assert.Equal(story, Seeds.Story(seed, Mutant.None));
        Assert.Contains("everything held", story, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Mutant.AppendWithoutExpectedVersion, Invariant.EachStepOnceAndInOrder)]
    [InlineData(Mutant.AppendWithoutExpectedVersion, Invariant.NoAttemptSentTwice)]
    [InlineData(Mutant.AppendWithoutExpectedVersion, Invariant.UnsafeEffectAtMostOnce)]
    [InlineData(Mutant.AppendWithoutExpectedVersion, Invariant.OnlyBillsAfterTheEnd)]
    [InlineData(Mutant.AppendWithoutExpectedVersion, Invariant.StaleWritesAreRefused)]
    [InlineData(Mutant.CallBeforeIntent, Invariant.NothingSentBeforeItsIntent)]
    [InlineData(Mutant.ClaimIgnoresStarted, Invariant.NoAttemptSentTwice)]
    [InlineData(Mutant.NoWatchdog, Invariant.NoRunIsLost)]
    [InlineData(Mutant.EndedRunsNotWatched, Invariant.EachIntentHasOneOutcome)]
    [InlineData(Mutant.UnsafeToolRunAgain, Invariant.UnsafeEffectAtMostOnce)]
    [InlineData(Mutant.LateReplyDropped, Invariant.RepliesThatCameAreOnTheBill)]
    [InlineData(Mutant.LostCallNotRecorded, Invariant.EachIntentHasOneOutcome)]
    [InlineData(Mutant.CutStreamTakenForRefusal, Invariant.BilledWithinBounds)]
    [InlineData(Mutant.NoInFlight, Invariant.NoWorkerGivesUpItsOwnWork)]
    [InlineData(Mutant.FailedCommitNotRetried, Invariant.NoRunIsLost)]
    [InlineData(Mutant.RateNotCounted, Invariant.RatesAreKept)]
    [InlineData(Mutant.BudgetWithoutCondition, Invariant.BudgetsAreKept)]
    [InlineData(Mutant.ParentNeverTold, Invariant.NoRunIsLost)]
    [InlineData(Mutant.ChildNeverEnded, Invariant.NoRunIsLost)]
    [InlineData(Mutant.ForkNotSettled, Invariant.ForksGiveBackWhatIsLeft)]
    [InlineData(Mutant.DrainedNodeGoesOn, Invariant.DrainedNodesBeginNothing)]
    [InlineData(Mutant.OrphansNotSetFree, Invariant.NoRunIsLost)]
    [InlineData(Mutant.ApprovalsNeverExpire, Invariant.NoRunIsLost)]
    [InlineData(Mutant.VisitNotStored, Invariant.StepsAreTakenWithinTheirVisits)]
    [InlineData(Mutant.VisitNotStored, Invariant.UnsafeEffectAtMostOnce)]
    [InlineData(Mutant.ItemAskedForTwice, Invariant.EachItemIsAskedForOnce)]
    [InlineData(Mutant.EarlySignalLost, Invariant.AcceptedSignalsAreStored)]
    [InlineData(Mutant.LaterWaitEnded, Invariant.EachWaitEndsOnce)]
    [InlineData(Mutant.WaitsNeverEnd, Invariant.NoRunIsLost)]
    [InlineData(Mutant.TakeoverAtTheFirstPrice, Invariant.BilledWithinBounds)]
    [InlineData(Mutant.ClosingNotSeen, Invariant.LastWordIsOne)]
    [InlineData(Mutant.UnfitOutputTaken, Invariant.OutputsFitTheirSchema)]
    public void A_protection_left_out_is_missed(Mutant mutant, Invariant broken) =>
        Assert.True(Seeds.FirstToBreak(broken, mutant, SeedsForMutants) is not null, $"{mutant} broke {broken} in none of {SeedsForMutants} seeds.");

    [Fact]
    public void Every_protection_is_left_out_once()
    {
        var left = typeof(SimulationTests).GetMethod(nameof(A_protection_left_out_is_missed))!.GetCustomAttributesData()
            .Where(attribute => attribute.AttributeType == typeof(InlineDataAttribute))
            .Select(attribute => ((IReadOnlyList<System.Reflection.CustomAttributeTypedArgument>)attribute.ConstructorArguments[0].Value!)[0].Value);

        Assert.Equal(Enum.GetValues<Mutant>().Skip(1), left.Cast<Mutant>().Distinct().Order());
    }
}
