using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Runs whose agent closes at its limit: the last word is kept affordable, and is one.</summary>
public sealed class ClosingRuleTests
{
    static readonly AgentDefinition Closer = A.Assistant with { AtLimit = AtLimit.Close, Fallback = new(["cheap"]) };

    static readonly AgentDefinition Researcher = A.Research with { AtLimit = AtLimit.Close };

    static RefuseModelCall Refused(Story story, int? closeWith) => new(
        story.Run.ModelCall!.Call, story.Run.ModelCall.Number,
        new(BudgetName.Of(A.Id), 0.05m, 0.03m, 0.01m, 0.02m, 0.015m), closeWith);

    static Story Searched(AgentDefinition agent) =>
        A.Started(agent).Answered("", 0.01m, "search_documents").When(A.Result("c0001t001", passages: A.Passage("p1")));

    [Fact]
    public void A_call_that_would_leave_too_little_for_the_last_word_is_made_as_the_last_word()
    {
        var story = Searched(Closer);
        var closing = story.When(Refused(story, closeWith: 1));

        Assert.Equal([new RunClosing("budget", 0), new ModelCallScheduled(2, 2, 0, "cheap", TimeSpan.Zero, 1)], closing.News);
        Assert.Equal([new Work(new CallModel(A.Id, 2, 2), TimeSpan.Zero)], closing.Work);
        Assert.Equal("budget", closing.Run.Closing);
    }

    [Fact]
    public void The_steps_between_are_skipped_and_what_was_found_is_told()
    {
        var story = A.Started(Researcher);
        var closing = story.When(Refused(story, closeWith: 0));
        Assert.Equal(["RunClosing", "StepStarted", "ModelCallScheduled"], closing.News.Names());
        Assert.Equal((4, "respond"), (closing.News.Only<StepStarted>().Step, closing.News.Only<StepStarted>().Name));
        Assert.Equal("large", closing.News.Only<ModelCallScheduled>().Model);

        var done = closing.Answered("Not much is known.", 0.01m);
        Assert.Equal(new RunCompleted("Not much is known.", [], "budget"), done.News.Only<RunCompleted>() with { Citations = [] });
        Assert.Equal(4, done.News.Only<StepCompleted>().Step);
    }

    [Fact]
    public void What_the_step_that_is_left_had_found_is_still_known_to_the_last_word()
    {
        var agent = Closer with { Steps = [.. Closer.Steps, new ModelStep("respond", "Answer.")] };
        var story = Searched(agent);
        var said = Conversation.Of(story.When(Refused(story, closeWith: 0)).History, passagesPerStep: 3);

        Assert.Equal("budget", said.Closing);
        Assert.Equal("p1", Assert.Single(said.Sources).PassageId);
        Assert.Contains(said.Turns, turn => turn is Turn.Tool { ToolCallId: "c0001t001" });
    }

    [Fact]
    public void The_last_word_is_the_answer_whatever_tools_it_asks_for()
    {
        var story = Searched(Closer);
        var done = story.When(Refused(story, closeWith: 1)).Claimed().When(A.Reply(2, "Enough.", attempt: 2, tools: "open_ticket"));

        Assert.Equal(["ModelCallCompleted", "StepCompleted", "RunCompleted"], done.News.Names());
        Assert.Equal("budget", done.News.Only<RunCompleted>().Incomplete);
    }

    [Fact]
    public void A_last_word_without_a_word_fails_the_run()
    {
        var story = Searched(Closer);
        var done = story.When(Refused(story, closeWith: 1)).Claimed().When(A.Reply(2, " ", attempt: 2, tools: "open_ticket"));

        Assert.Equal(FailureKind.EmptyReply, done.News.Only<RunFailed>().Failure.Kind);
    }

    [Fact]
    public void A_step_that_has_used_its_calls_closes_the_run_instead_of_failing_it()
    {
        var agent = Closer with { Limits = Closer.Limits with { ModelCallsPerStep = 1 } };
        var closing = A.Started(agent).Answered("", 0.01m, "search_documents").When(A.Result("c0001t001"));

        Assert.Equal(new RunClosing("calls", 0), closing.News.Only<RunClosing>());
        Assert.Equal((2, 1, "small"), (closing.Run.ModelCall!.Call, closing.Run.ModelCall.Number, closing.News.Only<ModelCallScheduled>().Model));
        Assert.Equal("calls", closing.Answered("All I know.").News.Only<RunCompleted>().Incomplete);
    }

    [Fact]
    public void A_last_word_that_is_too_dear_is_given_by_a_model_further_on_or_the_run_parks()
    {
        var agent = Closer with { Limits = Closer.Limits with { ModelCallsPerStep = 1 } };
        var closing = A.Started(agent).Answered("", 0.01m, "search_documents").When(A.Result("c0001t001"));

        var cheaper = closing.When(Refused(closing, closeWith: 1));
        Assert.Equal([new ModelCallScheduled(2, 2, 0, "cheap", TimeSpan.Zero, 1)], cheaper.News);
        Assert.Equal(["RunParked"], cheaper.When(Refused(cheaper, closeWith: 1)).News.Names());
        Assert.Equal(["RunParked"], closing.When(Refused(closing, closeWith: null)).News.Names());
    }

    [Fact]
    public void An_agent_that_parks_does_not_close()
    {
        var story = Searched(A.Assistant);

        Assert.Equal(["RunParked"], story.When(Refused(story, closeWith: 0)).News.Names());
    }

    [Fact]
    public void Where_not_even_a_last_word_is_affordable_the_run_parks_and_goes_on_when_there_is_room()
    {
        var story = A.Started(Closer, budgetUsd: 0.01m);
        var parked = story.When(Refused(story, closeWith: null));

        Assert.Equal(["RunParked"], parked.News.Names());
        Assert.Equal(["RunBudgetChanged", "RunResumed"], parked.When(new ChangeRunBudget(1m, "ada", "more")).News.Names());
        Assert.Null(parked.Run.Closing);
    }

    [Fact]
    public void A_last_word_that_fails_is_tried_again_and_then_given_by_the_next_model()
    {
        var agent = Closer with { Limits = Closer.Limits with { ModelCallsPerStep = 1 } };
        var closing = A.Started(agent).Answered("", 0.01m, "search_documents").When(A.Result("c0001t001")).Claimed(reservedUsd: 0.01m);

        var next = closing.When(A.ModelFailure(FailureKind.Unavailable, call: 2));
        Assert.Equal(("cheap", 1), (next.News.Only<ModelCallScheduled>().Model, next.Run.Fallback));
        Assert.Equal("calls", next.Claimed(reservedUsd: 0.001m).When(A.Reply(2, "So far.", 0.001m, attempt: 2)).News.Only<RunCompleted>().Incomplete);
    }

    [Fact]
    public void A_claim_leaves_what_is_kept_back_and_the_last_word_may_use_it()
    {
        var run = A.Started(Closer, budgetUsd: 0.05m).Run;
        var work = new CallModel(A.Id, 1, 1);

        Assert.IsType<Claim.Taken>(Claim.On(run, work, Begin(0.04m), ownerIsGone: false, lastWord: new(0.05m, 0.01m)));
        var refused = Assert.IsType<Claim.Refused>(Claim.On(run, work, Begin(0.0401m), ownerIsGone: false, leastUsd: 0.02m, lastWord: new(0.05m, 0.01m)));
        Assert.Equal(new(BudgetName.Of(A.Id), 0.05m, 0, 0.01m, 0.0401m, 0.02m), refused.Refusal);
        Assert.IsType<Claim.Taken>(Claim.On(run, work, Begin(0.05m), ownerIsGone: false, lastWord: new(0.05m, 0)));
    }

    [Fact]
    public void The_limit_of_the_agent_is_not_overshot_either()
    {
        var run = A.Started(Closer).Run;

        Assert.IsType<Claim.Refused>(Claim.On(run, new CallModel(A.Id, 1, 1), Begin(0.101m), ownerIsGone: false, lastWord: new(run.MostUsd(Closer.Limits), 0)));
    }

    [Fact]
    public void Runs_that_it_starts_do_not_get_what_is_kept_back()
    {
        var boss = Closer with { Steps = [new ModelStep("answer", "Help.", [new(ChildOf.Tool, Agents: ["research"])])] };
        var started = new ModelCallStarted(1, 1, "w1", "hash", "2026-11", 0.01m, KeptUsd: 0.03m);
        var story = A.Started(boss, budgetUsd: 0.10m);
        story = story with { Run = Run.Evolve(story.Run, started), History = story.History.Add(started) };

        var child = story.When(A.Reply(1, "", tools: ChildOf.Tool)).When(new RecordChildWanted("c0001t001", 1, Guid.NewGuid(), A.Question(A.Research)));
        Assert.Equal(0.06m, child.News.Only<ChildRunStarted>().HeldUsd);
    }

    [Fact]
    public void A_fork_of_a_run_that_closes_has_money_and_calls_of_its_own()
    {
        var story = Searched(Closer);
        var closing = story.When(Refused(story, closeWith: 1));
        var inherited = Forking.StateOf(closing.Run, closing.History, Closer, "");
        RunEvent[] fork = [A.Question(Closer) with { ForkedFrom = new(A.Id, 9) }, inherited];

        Assert.Null(Story.Of(Closer, fork).Run.Closing);
        Assert.Null(Conversation.Of([.. closing.History, .. fork], passagesPerStep: 3).Closing);
    }

    [Fact]
    public void A_fork_of_a_run_that_closed_has_an_answer_when_all_behind_the_step_of_the_last_word_is_skipped()
    {
        var closing = ClosingBeforeMail();
        Assert.Equal(new StepStarted(1, "respond", KeepsAnswer: true, Visit: 1), closing.News.Only<StepStarted>());

        var fork = ForkOf(closing.Answered("The last word.")).Answered("A whole answer.");

        Assert.Equal("send", fork.News.Only<StepSkipped>().Name);
        Assert.Equal("A whole answer.", fork.News.Only<RunCompleted>().Answer);
    }

    [Fact]
    public void A_run_that_an_older_build_closed_is_derived_again()
    {
        var closed = ClosingBeforeMail().Answered("The last word.");
        var at = closed.History.FindIndex(fact => fact is StepStarted { Step: 1 });
        var older = closed.History.SetItem(at, new StepStarted(1, "respond"));

        Assert.Null(DecisionReplay.Check(A.Id, closed.History, closed.Agent));
        Assert.Null(DecisionReplay.Check(A.Id, older, closed.Agent));
        Assert.Equal(at + 1L, DecisionReplay.Check(A.Id, older.SetItem(at, new StepStarted(1, "respond", Visit: 2)), closed.Agent)!.Version);
    }

    [Fact]
    public void A_fork_of_a_run_that_closed_within_its_step_still_knows_what_was_said_in_it()
    {
        var story = Searched(Closer);
        var closed = story.When(Refused(story, closeWith: 1)).Claimed(0.001m).When(A.Reply(2, "So far.", 0.001m, attempt: 2));

        Assert.Equivalent(Told(story).Turns, ToldTo(ForkOf(closed), closed).Turns, strict: true);
    }

    [Fact]
    public void A_fork_of_a_run_that_closed_in_another_step_begins_that_step_without_the_turns_of_the_step_that_was_left()
    {
        var agent = Closer with { Steps = [.. Closer.Steps, new ModelStep("respond", "Answer.")] };
        var story = Searched(agent);
        var closed = story.When(Refused(story, closeWith: 0)).Answered("So far.", 0.001m);

        Assert.Empty(ToldTo(ForkOf(closed), closed).Turns);
        Assert.Equal("p1", Assert.Single(ToldTo(ForkOf(closed), closed).Sources).PassageId);
    }

    [Fact]
    public void A_last_word_without_a_word_is_no_turn_of_a_fork()
    {
        var story = Searched(Closer);
        var failed = story.When(Refused(story, closeWith: 1)).Claimed(0.001m).When(A.Reply(2, "", 0.001m, attempt: 2));
        Assert.Equal(RunStatus.Failed, failed.Run.Status);

        Assert.Equivalent(Told(story).Turns, ToldTo(ForkOf(failed), failed).Turns, strict: true);
    }

    /// <summary>A run that closes in its first step, and whose step of the last word is followed by one that is skipped.</summary>
    static Story ClosingBeforeMail()
    {
        var story = A.Started(Researcher with
        {
            Steps =
            [
                new ModelStep("draft", "Draft."), new ModelStep("respond", "Answer."),
                new ToolStep("send", new("send_mail"), new Dictionary<string, Argument>()) { When = "visits.respond > 1" },
            ],
        });
        Assert.Empty(story.Agent.Problems());
        return story.When(Refused(story, closeWith: 0));
    }

    static Story ForkOf(Story origin)
    {
        var (at, run) = Forking.PointAt(A.Id, origin.History, origin.Agent, version: null)!.Value;
        return Story.Of(origin.Agent, A.Question(origin.Agent) with { ForkedFrom = new(A.Id, at) },
            Forking.StateOf(run, origin.History.Take((int)at), origin.Agent, "")).When(new StartRun("w1"));
    }

    static Conversation Told(Story story) => Conversation.Of(story.History, passagesPerStep: 3);

    static Conversation ToldTo(Story fork, Story origin) => Conversation.Of(
        [fork.History[0], .. origin.History.Take((int)fork.Run.ForkedFrom!.Version).Skip(1), .. fork.History.Skip(1)], passagesPerStep: 3);

    static ModelCallStarted Begin(decimal? reservedUsd) => new(1, 1, "w1", "hash", "2026-11", reservedUsd);
}
