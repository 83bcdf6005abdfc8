using System.Text.Json;
using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Cli;
using Agents.Host.Cli.Display;
using Agents.Host.Log;
using Spectre.Console;

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

    [Theory]
    [InlineData("run_parked", "parked", "[yellow]■[/] ")]
    [InlineData("run_paused", "paused", "[yellow]‖[/] ")]
    [InlineData("run_cancelled", "cancelled", "[yellow]■[/] ")]
    [InlineData("run_failed", "failed", "[red]✗[/] ")]
    [InlineData("run_resumed", "running", "[yellow]▸[/] ")]
    public void A_step_that_is_not_over_is_marked_by_where_its_run_stands(string fact, string status, string mark)
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "plan" });
        Happens(progress, fact, new { });

        Assert.Equal(status, progress.Status);
        Assert.StartsWith(mark, StepLines.Unfinished(progress.Current!, progress.Status, width: 100), StringComparison.Ordinal);
    }

    [Fact]
    public void The_words_of_a_reply_are_gathered_as_they_come_and_taken_back()
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "plan" });
        Happens(progress, "delta", new { call = 1, attempt = 1, offset = 0, text = "These are " });
        Happens(progress, "delta", new { call = 1, attempt = 1, offset = 10, text = "words." });
        Assert.Equal("These are words.", progress.Current!.Words);

        Happens(progress, "attempt_reset", new { call = 1, attempt = 1 });
        Assert.Equal("", progress.Current.Words);
        Happens(progress, "delta", new { call = 1, attempt = 2, offset = 0, text = new string('x', 5_000) });
        Assert.Equal(4_000, progress.Current.Words.Length);
        Happens(progress, "step_completed", new { step = 0, output = "x" });
        Assert.Equal("", progress.Current.Words);
    }

    [Theory, InlineData(60), InlineData(100), InlineData(200)]
    public void A_step_fits_the_screen(int width)
    {
        var progress = new RunProgress();
        Happens(progress, "step_started", new { step = 0, name = "a step with a long name" });
        Happens(progress, "model_call_completed", new { usage = new { inputTokens = 123_456, outputTokens = 12_345 } });
        Happens(progress, "step_completed", new { step = 0, output = new string('w', 300) }, seconds: 100);

        Assert.InRange(Markup.Remove(StepLines.Over(progress.Steps[0], width)).Length, width - 3, width);
        Assert.InRange(Markup.Remove(StepLines.Unfinished(progress.Steps[0], "parked", width)).Length, width - 3, width);
    }

    [Fact]
    public void What_a_run_waits_for_is_shown_with_its_time_and_the_command_and_short_ids()
    {
        var run = Guid.Parse("01a2066d-f60a-782f-a656-63fa96595f6e");
        var why = new WhyView(
            run, "running", "", [new("approval", $"The run {run} waits.", Noon, $"agents approve {run} c0001t001")], null, null, null);

        Assert.Equal(
            ["… The run 96595f6e waits. " + Formats.Since(Noon, Noon.AddSeconds(12)), "  Let it run: agents approve 96595f6e c0001t001"],
            WaitLines.Of(why, Noon.AddSeconds(12)).Select(Markup.Remove));
        Assert.EndsWith(" (12 s)", Formats.Since(Noon, Noon.AddSeconds(12)), StringComparison.Ordinal);
        Assert.EndsWith(" (0 s)", Formats.Since(Noon, Noon), StringComparison.Ordinal);
        Assert.EndsWith(" (2 min 5 s)", Formats.Since(Noon, Noon.AddSeconds(125)), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_ids_of_runs_are_shortened()
    {
        const string Id = "01a2066d-f60a-782f-a656-63fa96595f6e";
        static string Shown(string detail, string command) => string.Join(
            '|', WaitLines.Of(new Obstacle("parked", detail, Command: command), "parked", Noon).Select(Markup.Remove).Select(line => line.Trim()));

        Assert.Equal(
            $"■ Request {Id} of run 96595f6e failed.|Let it go on: agents resume 96595f6e",
            Shown($"Request {Id} of run {Id} failed.", $"agents resume {Id}"));
        Assert.EndsWith(
            $"agents budgets raise batch:{Id} USD", Shown("It is full.", $"agents budgets raise batch:{Id} USD"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, "There are older ones. Give the same command --limit 100")]
    [InlineData(50, "There are older ones. Give the same command --limit 200")]
    [InlineData(200, "There are older ones; 200 are the most that a list shows. --until TIME shows those before it.")]
    public void A_list_with_more_than_it_shows_says_how_to_see_it(int limit, string hint) =>
        Assert.Equal(hint, MorePages.Hint("older ones", limit, "--until TIME shows those before it"));

    static void Happens(RunProgress progress, string type, object data, int seconds = 0) =>
        progress.Add(new EventView(1, type, Noon.AddSeconds(seconds), JsonSerializer.SerializeToElement(data)));
}
