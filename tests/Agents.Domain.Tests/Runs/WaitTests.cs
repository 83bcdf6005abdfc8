using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Wait steps, and the signals that end them.</summary>
public sealed class WaitTests
{
    static readonly PauseRun Pause = new("ada", "look");
    static readonly ResumeRun Resume = new("ada", "go on");

    [Fact]
    public void A_wait_step_begins_its_wait_and_asks_for_no_work()
    {
        var waiting = A.Waiting();

        Assert.Equal(["ModelCallCompleted", "StepCompleted", "StepStarted", "WaitStarted"], waiting.News.Names());
        Assert.Equal(new(1, 1, "approved", null, TimeSpan.FromMinutes(1)), waiting.News.Only<WaitStarted>());
        Assert.Empty(waiting.Work);
        Assert.Equal((1, "approved"), (waiting.Run.Wait!.Wait, waiting.Run.Wait.Signal));
    }

    [Fact]
    public void A_signal_ends_the_wait_for_it_and_its_payload_is_the_steps_output()
    {
        var approved = A.Waiting().When(A.Signal("approved", "by the board"));

        Assert.Equal(["SignalReceived", "WaitEnded", "StepCompleted", "StepStarted", "WaitStarted"], approved.News.Names());
        Assert.Equal(new(1, 1, WaitEnd.Signal, "by the board"), approved.News.Only<WaitEnded>());
        Assert.Equal(new(1, "by the board", IsReadLater: true), approved.News.Only<StepCompleted>());

        var sending = approved.When(new EndWait(2));
        Assert.Equal("""{"text":"by the board"}""", sending.News.Only<ToolCallRequested>().Arguments);
    }

    [Fact]
    public void A_wait_whose_time_comes_ends_with_an_empty_output()
    {
        var over = A.Waiting().When(new EndWait(1));

        Assert.Equal(["WaitEnded", "StepCompleted", "StepStarted", "WaitStarted"], over.News.Names());
        Assert.Equal(new(1, 1, WaitEnd.Time, ""), over.News.Only<WaitEnded>());
        Assert.Equal("", over.News.Only<StepCompleted>().Output);
    }

    [Fact]
    public void A_time_that_comes_twice_or_late_ends_no_other_wait()
    {
        var resting = A.Waiting().When(new EndWait(1));

        Assert.Empty(resting.When(new EndWait(1)).News);
        Assert.Empty(A.Waiting().When(A.Signal("approved")).When(new EndWait(1)).News);
        Assert.Empty(A.Waiting().When(new EndWait(2)).News);
    }

    [Fact]
    public void A_wait_for_a_signal_alone_ends_by_no_time()
    {
        var signing = A.Waiting().When(new EndWait(1), new EndWait(2), A.Result("s0003t001"));
        Assert.Equal(new(3, 4, "signed", null, null), signing.News.Only<WaitStarted>());
        Assert.False(signing.Run.Wait!.HasTime());

        Assert.Empty(signing.When(new EndWait(3)).News);
        var done = signing.When(A.Signal("signed", "ada"));
        Assert.Equal("ada", done.News.Only<RunCompleted>().Answer); // of an agent that ends with a wait
    }

    [Fact]
    public void A_signal_that_no_wait_waits_for_is_kept_for_the_first_one_that_does()
    {
        var early = A.Queued(A.Waiter).When(A.Signal("approved", "first"), A.Signal("approved", "second"), A.Signal("stray"));
        Assert.Equal(["SignalReceived"], early.News.Names());
        Assert.Equal(RunStatus.Queued, early.Run.Status);

        var approved = early.When(new StartRun("w1")).Claimed().When(A.Reply(1, "Dear Sir"));

        Assert.Equal(
            ["ModelCallCompleted", "StepCompleted", "StepStarted", "WaitStarted", "WaitEnded", "StepCompleted", "StepStarted", "WaitStarted"],
            approved.News.Names());
        Assert.Equal("first", approved.News.Only<WaitEnded>().Payload);
        Assert.Equal(["second", "yes"], approved.Run.Signals!.Kept.Select(kept => kept.Payload));
        Assert.Equal(2, approved.Run.Wait!.Wait);
    }

    [Fact]
    public void A_signal_with_the_same_id_counts_once()
    {
        var approved = A.Waiting().When(A.Signal("approved", "yes", "id 1"));
        Assert.Equal(new("id 1", "approved", EndedAWait: true), approved.Run.Signals!.Known("id 1"));
        Assert.Empty(approved.When(A.Signal("approved", "yes", "id 1")).News);
        Assert.Empty(approved.When(A.Signal("signed", "another", "id 1")).News);

        var kept = approved.When(A.Signal("signed", "ada", "id 2"));
        Assert.Equal(new("id 2", "signed", EndedAWait: false), kept.Run.Signals!.Known("id 2"));
        Assert.Equal(["SignalReceived"], kept.When(A.Signal("signed", "ada")).News.Names()); // without an id each one counts
    }

    [Fact]
    public void A_run_keeps_so_many_signals_and_takes_more_when_one_is_used()
    {
        var full = Enumerable.Range(1, SignalBounds.MostKept).Aggregate(A.Queued(A.Waiter), (run, n) => run.When(A.Signal("signed", $"{n}")));
        Assert.Equal(SignalBounds.MostKept, full.Run.Signals!.Kept.Count);

        Assert.Empty(full.When(A.Signal("signed", "one more")).News);
        Assert.StartsWith("The run keeps 64 signals", RunDecider.RefusalOf(full.Run, A.Signal("signed")), StringComparison.Ordinal);

        var waiting = full.When(new StartRun("w1")).Claimed().When(A.Reply(1, "Dear Sir"));
        Assert.Null(RunDecider.RefusalOf(waiting.Run, A.Signal("approved")));
        Assert.Contains(waiting.When(A.Signal("approved")).News, fact => fact is WaitEnded); // it is used at once, and not kept
    }

    [Fact]
    public void The_signals_that_a_run_keeps_have_a_size_together()
    {
        var payload = new string('é', SignalBounds.PayloadBytes / 2); // two bytes each
        var full = Enumerable.Range(1, 4).Aggregate(A.Queued(A.Waiter), (run, _) => run.When(A.Signal("signed", payload)));
        Assert.Equal(4, full.Run.Signals!.Kept.Count);

        Assert.Equal(
            "The signals that the run keeps would have 320 KiB, and may have 256; it takes more when a wait has used one.",
            RunDecider.RefusalOf(full.Run, A.Signal("signed", payload)));
        Assert.Null(RunDecider.RefusalOf(full.Run, A.Signal("signed", "")));
    }

    [Fact]
    public void A_run_takes_so_many_signals_in_all()
    {
        var run = A.Waiting().Run with { Signals = ReceivedSignals.None with { Count = SignalBounds.MostReceived } };

        Assert.Equal("The run has taken 1,000 signals, and takes no more.", RunDecider.RefusalOf(run, A.Signal("approved")));
        Assert.Empty(RunDecider.Decide(run, A.Waiter, A.Signal("approved")).Events);
    }

    [Fact]
    public void A_run_that_stands_still_keeps_signals_and_ends_its_wait_when_it_is_resumed()
    {
        var paused = A.Waiting().When(Pause);
        Assert.Empty(paused.When(new EndWait(1)).News);
        Assert.Equal(["RunResumed"], paused.When(Resume).News.Names());
        Assert.Contains(paused.When(Resume).When(new EndWait(1)).News, fact => fact is WaitEnded);

        var kept = paused.When(A.Signal("approved"));
        Assert.Equal(["SignalReceived"], kept.News.Names());
        Assert.Equal(["RunResumed", "WaitEnded", "StepCompleted", "StepStarted", "WaitStarted"], kept.When(Resume).News.Names());
    }

    [Fact]
    public void A_wait_that_would_begin_while_the_run_is_paused_begins_when_it_is_resumed()
    {
        var paused = A.Calling(A.Waiter).When(Pause).When(A.Reply(1, "Dear Sir"));
        Assert.Equal(["ModelCallCompleted", "StepCompleted"], paused.News.Names());

        Assert.Equal(["RunResumed", "StepStarted", "WaitStarted"], paused.When(Resume).News.Names());
    }

    [Fact]
    public void A_run_that_has_ended_takes_no_signal_and_waits_for_nothing()
    {
        foreach (var end in new object[] { new CancelRun("ada", "enough"), new ExpireRun() })
        {
            var ended = A.Waiting().When(end);

            Assert.Null(ended.Run.Wait);
            Assert.Empty(ended.When(A.Signal("approved")).News);
            Assert.Empty(ended.When(new EndWait(1)).News);
        }
    }

    [Fact]
    public void A_fork_that_begins_in_a_wait_waits_anew_and_needs_a_signal_of_its_own()
    {
        var waiting = A.Waiting().When(A.Signal("signed", "early"));
        var (version, then) = Forking.PointAt(A.Id, waiting.History, A.Waiter, null)!.Value;
        Assert.Equal(waiting.History.Count, version);

        var state = Forking.StateOf(then, waiting.History, A.Waiter, "another try");
        var fork = Story.Of(A.Waiter, A.Question(A.Waiter) with { ForkedFrom = new(A.Id, version) }, state).When(new StartRun("w2"));

        Assert.Equal(["RunStarted", "WaitStarted"], fork.News.Names());
        Assert.Equal(1, fork.Run.Wait!.Wait);
        Assert.Null(fork.Run.Signals);
    }

    [Fact]
    public void A_fork_from_the_signal_that_ended_a_wait_begins_before_the_signal()
    {
        var approved = A.Waiting().When(A.Signal("approved"));
        var received = approved.History.FindIndex(fact => fact is SignalReceived) + 1;

        var (version, then) = Forking.PointAt(A.Id, approved.History, A.Waiter, received)!.Value;

        Assert.Equal(received - 1, version);
        Assert.NotNull(then.Wait);
    }

    [Fact]
    public void A_run_that_waits_holds_no_slot_and_queues_for_one_when_the_wait_is_over()
    {
        Assert.Equal((Pending.Wait, false), Slot(A.Calling(A.Waiter), A.Reply(1, "Dear Sir")));
        Assert.Equal((Pending.Wait, false), Slot(A.Waiting(), A.Signal("approved"))); // the next step waits, too
        Assert.Equal((null, true), Slot(A.Waiting().When(A.Signal("approved")), new EndWait(2)));
        Assert.Empty(A.Decide(A.Waiting().When(new EndWait(1)).Run, A.Waiter, new EndWait(2)).Due()); // the node that gives it a slot sends its work
        Assert.Equal((Pending.Wait, true), Slot(A.Waiting().When(Pause), Resume));
        Assert.True(A.Decide(A.Waiting().Run, A.Waiter, A.Signal("stray")).Slot() is { Waits: Pending.Wait, IsRecalled: false });
    }

    [Theory]
    [InlineData("2026-12-01T09:00:00+01:00", "2026-12-01T08:00:00Z")]
    [InlineData(" 2026-12-01T09:00Z\n", "2026-12-01T09:00:00Z")]
    [InlineData("2026-12-01T09:00:00.5-02:30", "2026-12-01T11:30:00.5Z")]
    public void A_wait_until_a_time_reads_it_from_the_question_or_an_output(string said, string meant)
    {
        var started = A.Calling(Until(new Argument.Output("when"))).When(A.Reply(1, said)).News.Only<WaitStarted>();

        Assert.Equal(DateTimeOffset.Parse(meant, null), started.Until);
        Assert.Equal(TimeSpan.Zero, started.Until!.Value.Offset);
    }

    [Theory, InlineData("tomorrow"), InlineData("2026-12-01T09:00:00"), InlineData("2026-12-01"), InlineData(""), InlineData("2026-13-01T09:00Z")]
    public void A_wait_until_a_time_that_cannot_be_read_fails_the_run(string said)
    {
        var failed = A.Calling(Until(new Argument.Output("when"))).When(A.Reply(1, said));

        Assert.Equal(["ModelCallCompleted", "StepCompleted", "StepStarted", "RunFailed"], failed.News.Names());
        Assert.Equal(
            new Failure(
                FailureKind.BadArguments,
                $"Step wait is to wait until \"{said}\", which is no time with an offset, such as 2026-12-01T09:00:00+01:00."),
            failed.News.Only<RunFailed>().Failure);
    }

    [Fact]
    public void The_earlier_of_two_times_ends_a_wait()
    {
        var noon = new DateTimeOffset(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);
        var started = new WaitStarted(1, 0, null, noon, TimeSpan.FromHours(2));

        Assert.Equal(noon, started.EndsBy(noon.AddHours(-1)));
        Assert.Equal(noon.AddHours(-1), started.EndsBy(noon.AddHours(-3)));
        Assert.Equal(noon.AddHours(2), (started with { Until = null }).EndsBy(noon));
        Assert.Equal(noon, (started with { For = null }).EndsBy(noon.AddDays(1))); // past: it ends at once
        Assert.Null((started with { For = null, Until = null }).EndsBy(noon));
        Assert.Equal(9999, (started with { Until = null, For = TimeSpan.MaxValue }).EndsBy(noon)!.Value.Year);
        Assert.Equal(9999, (started with { Until = DateTimeOffset.MaxValue, For = null }).EndsBy(noon)!.Value.Year);
        Assert.Equal(1970, (started with { Until = DateTimeOffset.MinValue, For = null }).EndsBy(noon)!.Value.Year);
    }

    [Fact]
    public void Later_steps_are_told_how_a_wait_ended()
    {
        var approved = A.Waiting().When(A.Signal("approved", "by the board"));
        Assert.Equal(["Dear Sir", "by the board"], Told(approved));
        Assert.Equal(["Dear Sir", "The signal came, without a payload."], Told(A.Waiting().When(A.Signal("approved", ""))));
        Assert.Equal(["Dear Sir", "The wait is over: its time came."], Told(A.Waiting().When(new EndWait(1))));

        static IEnumerable<string> Told(Story story) => Conversation.Of(story.History, passagesPerStep: 3).Earlier.Select(step => step.Output);
    }

    [Fact]
    public void A_checkpoint_with_signals_survives_the_journey_through_json()
    {
        var run = A.Waiting().When(A.Signal("signed", "ada", "id 1")).Run;

        var back = JsonSerializer.Deserialize<Run>(JsonSerializer.Serialize(run, StoredJson.Options), StoredJson.Options)!;

        Assert.Equal(JsonSerializer.Serialize(run, StoredJson.Options), JsonSerializer.Serialize(back, StoredJson.Options));
        Assert.Equal((run.Wait, "ada"), (back.Wait, back.Signals!.First("signed")!.Payload));
    }

    [Theory]
    [InlineData("approved", true), InlineData("a.b_c-9", true), InlineData("", false), InlineData("Approved", false), InlineData("a b", false)]
    [InlineData("ärger", false)]
    public void A_signal_has_a_plain_name(string name, bool isName) => Assert.Equal(isName, SignalBounds.IsName(name));

    static (Pending?, bool) Slot(Story story, object message) =>
        A.Decide(story.Run, story.Agent, message).Slot() is var slot ? (slot.Waits, slot.IsRecalled) : default;

    static AgentDefinition Until(Argument time) =>
        new() { Name = "waiter", Steps = [new ModelStep("when", "Say when."), new WaitStep("wait", Until: time)] };
}
