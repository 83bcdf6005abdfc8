using Agents.Domain.Costs;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>What a run that is not worked on is said to wait for.</summary>
public sealed class ExplanationTests
{
    [Fact]
    public void A_run_that_is_parked_for_a_budget_is_said_to_go_on_by_itself()
    {
        var parked = A.Started(A.Research).When(A.Refused());

        Assert.Equal(
            "The daily budget of tenant default has no room: 9.9 of 10 USD are spent and 0.05 reserved; the next call may cost 0.06. It goes on by itself when there is room.",
            Explanation.Of(parked.Run, place: null).Summary);
        Assert.Equal(
            "The daily budget of tenant default has no room for the next call. It goes on by itself when there is room.",
            Explanation.Of(parked.Run, place: null, seesMoney: false).Summary);
    }

    [Fact]
    public void No_room_is_promised_to_help_a_call_whose_model_has_no_price()
    {
        var refusal = new BudgetRefusal(BudgetName.Of(A.Id), 0.1m, 0, 0, WantedUsd: null, LeastUsd: null);
        var parked = A.Started(A.Research, budgetUsd: 0.1m).When(new RefuseModelCall(1, 1, refusal));

        var held = Assert.Single(Explanation.Of(parked.Run, place: null).BlockedBy);
        Assert.Equal("budget", held.Kind);
        Assert.EndsWith("the next call's model has no price, so that nothing can be reserved for it. Give the model a price, then resume the run.",
            held.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_waits_for_a_person_says_so()
    {
        Assert.Equal(
            "paused", Assert.Single(Explanation.Of(A.Calling(A.Research).When(new PauseRun("ada", "look")).Run, place: null).BlockedBy).Kind);
        Assert.Equal("parked",
            Assert.Single(Explanation.Of(A.Calling(A.Research).When(A.ModelFailure(FailureKind.Unauthorized)).Run, place: null).BlockedBy).Kind);
    }

    [Fact]
    public void A_run_with_a_call_that_may_have_had_its_effect_says_that_resuming_does_not_repeat_it()
    {
        var parked = A.Asking("open_ticket").ClaimedTool("c0001t001").When(A.ToolFailure("c0001t001", FailureKind.Timeout));

        Assert.Equal(
            "open_ticket (c0001t001) may have had its effect, and resuming will not make the call again. Look first, then say what became of it: "
            + "--result TEXT, --failed TEXT or --again.",
            Explanation.Of(parked.Run, place: null).Summary);
        Assert.Equal($"agents resolve-call {A.Id} c0001t001 --result TEXT", CommandOf(Explanation.Of(parked.Run, place: null)));
    }

    [Fact]
    public void A_run_that_is_parked_for_another_failure_says_so_and_names_the_call_in_doubt_behind_it()
    {
        var parked = A.Asking("open_ticket").ClaimedTool("c0001t001").When(A.ToolFailure("c0001t001", FailureKind.Timeout));

        var explained = Explanation.Of(parked.Run, place: null, standing: new(default, new(FailureKind.ToolError, "More than 1 calls failed.")));
        Assert.Equal(
            [$"agents resume {A.Id}", $"agents resolve-call {A.Id} c0001t001 --result TEXT"], explained.BlockedBy.Select(one => one.Command));
        Assert.StartsWith("The run is parked (ToolError): More than 1 calls failed. ", explained.Summary, StringComparison.Ordinal);
        Assert.EndsWith("--result TEXT, --failed TEXT or --again.", explained.Summary, StringComparison.Ordinal);

        var own = Explanation.Of(parked.Run, place: null, standing: new(default, new(FailureKind.OutcomeUnknown, "Cut.")));
        Assert.Equal($"agents resolve-call {A.Id} c0001t001 --result TEXT", Assert.Single(own.BlockedBy).Command);
    }

    [Fact]
    public void A_paused_run_with_a_call_in_doubt_names_that_first()
    {
        var paused = A.Asking("open_ticket", "search_documents").ClaimedTool("c0001t001").When(new PauseRun("ada", "look"))
            .When(A.ToolFailure("c0001t001", FailureKind.OutcomeUnknown));
        Assert.Equal(RunStatus.Paused, paused.Run.Status);

        var explained = Explanation.Of(paused.Run, place: null);
        Assert.Equal(
            [$"agents resolve-call {A.Id} c0001t001 --result TEXT", $"agents resume {A.Id}"], explained.BlockedBy.Select(one => one.Command));
        Assert.StartsWith("open_ticket (c0001t001) may have had its effect", explained.Summary, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(QueueWait.Approval, "The run waits for a person to approve")]
    [InlineData(QueueWait.Child, "The run waits for the end of")]
    [InlineData(QueueWait.Rate, "The run waits for the rate limit of openai/gpt-4o, in 2 s.")]
    [InlineData(QueueWait.Wait, "The run waits until 2026-12-01 08:00:00 UTC.")]
    [InlineData(QueueWait.Thread, "The run waits until run 0199a0c4-0000-7000-8000-000000000009 of the same thread has ended.")]
    public void Each_thing_that_a_run_in_the_queue_waits_for_is_named(QueueWait wait, string summary)
    {
        var place = new QueuePlace(
            Node: null, wait, Rate: "openai/gpt-4o", TimeSpan.FromSeconds(2), Guid.Parse("0199a0c4-0000-7000-8000-000000000009"), [], [], 0, 1, 0,
            null, WakesAt: new(2026, 12, 1, 9, 0, 0, TimeSpan.FromHours(1)));

        var explanation = Explanation.Of(A.Calling(A.Research).Run, place);

        Assert.Equal(wait.ToString().ToLowerInvariant(), Assert.Single(explanation.BlockedBy).Kind);
        Assert.StartsWith(summary, explanation.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_waits_for_a_signal_says_which_until_when_and_how_to_send_it()
    {
        var place = new QueuePlace(null, QueueWait.Wait, null, TimeSpan.FromSeconds(60), null, [], [], 0, 1, 0, null);
        const string Command = "Send it: agents signal 0199a0c4-0000-7000-8000-000000000001 approved";

        Assert.Equal(
            $"The run waits for signal approved until 2026-12-01 08:00:00 UTC. {Command}",
            Explanation.Of(A.Waiting().Run, place with { WakesAt = new(2026, 12, 1, 8, 0, 0, TimeSpan.Zero) }).Summary);
        Assert.Equal($"The run waits for signal approved. {Command}", Explanation.Of(A.Waiting().Run, place).Summary);
        Assert.Equal(TimeSpan.FromSeconds(60), Explanation.Of(A.Waiting().Run, place).StartsIn);
    }

    [Fact]
    public void A_run_that_is_parked_names_the_failure_the_way_out_and_the_command()
    {
        var parked = A.Calling(A.Research).When(A.ModelFailure(FailureKind.Unauthorized));
        var since = new DateTimeOffset(2026, 11, 28, 11, 0, 0, TimeSpan.Zero);

        var explained = Explanation.Of(parked.Run, place: null, standing: new(since, new(FailureKind.Unauthorized, "HTTP 401: Wrong key")));

        Assert.Equal(
            "The run is parked (Unauthorized): HTTP 401: Wrong key. Set the right key of the provider and start the server anew, then resume the run.",
            explained.Summary);
        Assert.Equal((since, $"agents resume {A.Id}"), (explained.BlockedBy[0].Since, CommandOf(explained)));
    }

    [Fact]
    public void Each_failure_for_which_runs_park_has_its_own_advice()
    {
        var advice = Enum.GetValues<FailureKind>().Select(kind =>
            Explanation.Of(A.Calling(A.Research).When(A.ModelFailure(FailureKind.Unauthorized)).Run, null, true, new(default, new(kind, "It"))).Summary
                .Split("It. ")[1]).ToList();
        Assert.All(advice, sentence => Assert.Matches("resum.*[.]$", sentence));
        Assert.InRange(advice.Distinct().Count(), 6, advice.Count);
    }

    [Fact]
    public void A_budget_and_a_call_for_approval_name_the_command_that_lets_the_run_go_on()
    {
        Assert.Equal(
            "agents budgets raise tenant:default USD --period day", CommandOf(Explanation.Of(A.Started(A.Research).When(A.Refused()).Run, place: null)));
        var asking = A.Calling(A.Assistant).When(A.Reply(1, "", tools: "send_mail"));
        var place = new QueuePlace(null, QueueWait.Approval, null, null, null, [], [], 0, 1, 0, null);
        Assert.Equal($"agents approve {A.Id} c0001t001", CommandOf(Explanation.Of(asking.Run, place)));
        Assert.Equal(
            "The run has a slot and is being worked on by n1. The run waits for a person to approve send_mail (c0001t001).",
            Explanation.Of(asking.Run, place with { Node = "n1" }).Summary);
    }

    [Fact]
    public void Where_admission_is_stopped_it_says_by_whom_since_when_why_and_how_to_go_on()
    {
        var since = new DateTimeOffset(2026, 11, 28, 11, 0, 0, TimeSpan.Zero);
        var place = new QueuePlace(null, null, null, null, null, [], [new("tenant:acme", since, "ada", "upgrade")], 0, 1, 0, null);
        var queued = A.Queued(A.Research).Run;

        var paused = Explanation.Of(queued, place);
        Assert.Equal("The run is next in its tenant's line. Admission is paused for tenant:acme, by ada: upgrade.", paused.Summary);
        Assert.Equal((since, "agents admission resume tenant:acme"), (paused.BlockedBy[0].Since, CommandOf(paused)));

        var drained = Explanation.Of(queued, place with { Pauses = [], Slots = 0, IdleNodes = [new("node:n1", since, "bob", "", IsDrained: true)] });
        Assert.EndsWith("No node takes runs now: n1 is drained by bob.", drained.Summary, StringComparison.Ordinal);
        Assert.Equal("agents nodes resume n1", CommandOf(drained));
        Assert.Equal("agents serve", CommandOf(Explanation.Of(queued, place with { Pauses = [], Slots = 0 })));
        Assert.Equal(
            "agents limits",
            CommandOf(Explanation.Of(queued, place with { Pauses = [], FullLimits = [new("overall", 2, 2)] })));
    }

    [Fact]
    public void A_run_that_has_ended_without_an_answer_says_why_and_how_to_go_on_from_it()
    {
        var cancelled = Explanation.Of(A.Queued(A.Research).When(new CancelRun("ada", "")).Run, place: null, standing: new(default, Said: "ada: "));
        Assert.Equal("The run is cancelled, by ada. It does no more work.", cancelled.Summary);
        Assert.Equal($"agents fork {A.Id}", CommandOf(cancelled));
        var failed = A.Started(A.Research).When(new ExpireRun());
        Assert.Equal(
            "The run has failed (Deadline): Too long. It does no more work.",
            Explanation.Of(failed.Run, place: null, standing: new(default, new(FailureKind.Deadline, "Too long."))).Summary);
    }

    static string? CommandOf(Explanation explained) => explained.BlockedBy[0].Command;
}
