using System.Text.Json;
using Agents.Host.Api.Runs;
using Agents.Host.Cli;
using Agents.Host.Cli.Display;
using Agents.Host.Log;

namespace Agents.Host.Tests.Cli;

public sealed class RunProgressTests
{
    static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_step_says_what_it_brought_and_what_it_used()
    {
        var progress = new RunProgress(["plan", "search"]);
        Happens(progress, "step_started", new { step = 0, name = "plan" });
        Happens(progress, "model_call_completed", new { usage = new { inputTokens = 100, cachedInputTokens = 20, outputTokens = 10 } });
        Happens(progress, "step_completed", new { step = 0, output = "one query\nanother\n" }, seconds: 2);
        Happens(progress, "step_started", new { step = 1, name = "search" });
        Happens(progress, "passages_retrieved",
            new { passages = new[] { new { passageId = "a/1", documentId = "a" }, new { passageId = "a/2", documentId = "a" } } });
        Happens(progress, "passages_retrieved",
            new { passages = new[] { new { passageId = "a/2", documentId = "a" }, new { passageId = "b/1", documentId = "b" } } });

        var (plan, search) = (progress.Steps[0], progress.Steps[1]);
        Assert.Equal(("one query · another", 120, 10), (plan.Says, plan.InputTokens, plan.OutputTokens));
        Assert.Equal(TimeSpan.FromSeconds(2), plan.EndedAt - plan.StartedAt);
        Assert.Equal("3 passages from 2 documents", search.Says);
        Assert.Null(search.EndedAt);
    }

    [Fact]
    public void A_step_whose_call_a_person_has_resolved_is_no_longer_in_doubt()
    {
        var progress = new RunProgress(["send"]);
        Happens(progress, "step_started", new { step = 0, name = "send" });
        foreach (var id in new[] { "s0000t001", "s0000t002" })
            Happens(progress, "tool_call_failed", new { toolCallId = id, failure = new { kind = "OutcomeUnknown", message = "Cut." } });
        Assert.Equal(
            "it is not known whether s0000t001, s0000t002 had their effect, and they are not called again", progress.Steps[0].Doubt);

        Happens(progress, "tool_call_resolved", new { toolCallId = "s0000t001", result = "sent", by = "ada" });
        Happens(progress, "tool_call_resolved", new { toolCallId = "s0000t002", by = "ada" });

        Assert.Null(progress.Steps[0].Doubt);
    }

    [Fact]
    public void A_step_that_is_taken_again_and_one_that_is_skipped_say_so()
    {
        var progress = new RunProgress(["draft", "judge", "again"]);
        Happens(progress, "step_started", new { step = 0, name = "draft" });
        Happens(progress, "step_completed", new { step = 0, output = "one" });
        Happens(progress, "step_skipped", new { step = 1, name = "judge", reason = "Condition" });
        Happens(progress, "step_started", new { step = 2, name = "again" });
        Happens(progress, "step_completed", new { step = 2, output = "again" });
        Happens(progress, "step_started", new { step = 0, name = "draft" });
        Happens(progress, "step_completed", new { step = 0, output = "two" });
        Happens(progress, "step_skipped", new { step = 2, name = "again", reason = "Visits" });

        Assert.Equal(["visit 2 · two", "", "again"], progress.Steps.Select(step => step.Says));
        Assert.Same(progress.Steps[0], progress.Current);
        Assert.Same(progress.Steps[2], progress.Skipped);
        Assert.Equal("[grey]– judge        skipped: its condition does not hold[/]", StepLines.Skipped(progress.Steps[1], width: 160));
    }

    [Theory, InlineData("said", "answered with 1 citation"), InlineData("said before", "said")]
    public void Only_the_step_whose_output_is_the_answer_is_said_to_have_answered(string answer, string says)
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "draft" });
        Happens(progress, "step_completed", new { step = 0, output = "said" });
        Happens(progress, "run_completed", new { answer, citations = new[] { 1 } });

        Assert.Equal(says, progress.Current!.Says);
    }

    [Fact]
    public void A_step_that_a_run_went_past_is_no_step_of_it()
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "draft" });
        Happens(progress, "step_completed", new { step = 0, output = "one" });
        Happens(progress, "step_started", new { step = 2, name = "send" });

        Assert.Equal([("draft", true), ("", false), ("send", true)], progress.Steps.Select(step => (step.Name, step.WasReached())));
    }

    [Fact]
    public void A_call_that_failed_is_seen_while_it_is_tried_again()
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "plan" });
        Happens(progress, "model_call_failed", new { failure = new { kind = "RateLimited", message = "Slow down." } });
        Happens(progress, "model_call_scheduled", new { attempt = 2, model = "m" });

        Assert.Equal("attempt 2: Slow down.", Assert.Single(progress.Steps).Says);
    }

    [Theory, InlineData(""), InlineData("I wrote.")]
    public void A_step_with_a_call_whose_outcome_is_unknown_is_not_shown_as_done(string output)
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "send" });
        Happens(
            progress, "tool_call_failed", new { toolCallId = "s0000t001", failure = new { kind = "OutcomeUnknown", message = "Connection reset." } });
        Happens(progress, "run_resumed", new { by = "ada", reason = "" });
        Happens(progress, "step_completed", new { step = 0, output }, seconds: 2);
        Happens(progress, "step_started", new { step = 1, name = "report" });
        Happens(progress, "step_completed", new { step = 1, output }, seconds: 3);

        var line = StepLines.Over(progress.Steps[0], width: 160);
        Assert.StartsWith("[yellow]?[/] ", line, StringComparison.Ordinal);
        Assert.Contains("it is not known whether s0000t001 had its effect, and it is not called again", line, StringComparison.Ordinal);
        Assert.Contains(output, line, StringComparison.Ordinal);
        Assert.StartsWith("[green]✓[/] ", StepLines.Over(progress.Steps[1], width: 160), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fork_does_not_show_as_done_a_step_with_a_call_whose_outcome_is_unknown()
    {
        var progress = new RunProgress(["write", "send", "report"]);
        var inherited = new { step = 2, name = "report", isInStep = true, doubts = new[] { new { step = 1, toolCallId = "s0001t001" } } };
        Happens(progress, "state_inherited", inherited);
        Happens(progress, "step_completed", new { step = 2, output = "I wrote." });

        Assert.StartsWith("[green]✓[/] ", StepLines.Over(progress.Steps[0], width: 160), StringComparison.Ordinal);
        var send = StepLines.Over(progress.Steps[1], width: 160);
        Assert.StartsWith("[yellow]?[/] ", send, StringComparison.Ordinal);
        Assert.Contains("it is not known whether s0001t001 had its effect, and it is not called again", send, StringComparison.Ordinal);
        Assert.StartsWith("[green]✓[/] ", StepLines.Over(progress.Steps[2], width: 160), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_parked_for_a_call_whose_outcome_is_unknown_is_not_said_to_make_it_again()
    {
        var run = Parked(
            "OutcomeUnknown", "It is not known whether send (s0000t001) had its effect, and resuming will not make the call again: Cut.");
        Assert.Contains("resuming will not make the call again: Cut.\nFind out whether it had, then go on without the call: [bold]agents resume ",
            Outcome.Sentence(run), StringComparison.Ordinal);
        Assert.Contains(
            "\nGo on when that is put right: [bold]agents resume ", Outcome.Sentence(Parked("Unauthorized", "No key.")), StringComparison.Ordinal);
    }

    static RunView Parked(string kind, string message) => new(
        Guid.Empty, "clerk", 1, "parked", 5, "Send it.", "m", 0, "send", null, null, new(kind, message), null, 1, new(0, 0, 0, 0, 0, 0), 0, 0, null,
        null,
        null, Noon, Noon, null, null);

    [Fact]
    public void A_step_that_waits_says_for_what_and_how_long_it_did()
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "review" });
        Happens(progress, "wait_started", new { wait = 1, step = 0, signal = "reviewed", @for = "00:05:00", until = (string?)null });
        Assert.Equal(("waits for signal reviewed, for 5 min 0 s", "reviewed"), (progress.Current!.Says, progress.AwaitedSignal));

        Happens(progress, "wait_ended", new { wait = 1, step = 0, by = "Time", payload = "" });
        Happens(progress, "step_completed", new { step = 0, output = "" }, seconds: 300);
        Assert.Equal(("waited for signal reviewed, for 5 min 0 s", null), (progress.Current.Says, progress.AwaitedSignal));

        Happens(progress, "step_started", new { step = 1, name = "sign" });
        Happens(progress, "wait_started", new { wait = 2, step = 1, signal = "signed", @for = (string?)null, until = (string?)null });
        Happens(progress, "wait_ended", new { wait = 2, step = 1, by = "Signal", payload = "by ada" });
        Happens(progress, "step_completed", new { step = 1, output = "by ada" });
        Happens(progress, "run_completed", new { answer = "by ada", citations = Array.Empty<int>() });
        Assert.Equal("by ada", progress.Current.Says);
    }

    [Fact]
    public void Late_bills_and_facts_of_newer_servers_disturb_nothing()
    {
        var progress = new RunProgress();
        Happens(progress, "run_queued", new { });
        Happens(progress, "something_new", new { });

        Assert.Empty(progress.Steps);
    }

    static void Happens(RunProgress progress, string type, object data, int seconds = 0) =>
        progress.Add(new EventView(1, type, Noon.AddSeconds(seconds), JsonSerializer.SerializeToElement(data)));
}
