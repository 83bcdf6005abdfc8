using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Steps that are taken or skipped, again or elsewhere, by what the run has brought so far.</summary>
public sealed class DecidingStepTests
{
    /// <summary>Drafts until the judge is content, three times at most.</summary>
    static readonly AgentDefinition Loop = With(
        Say("draft"),
        Say("judge") with { Visits = 3 },
        Say("again") with { When = "output.judge.good == false and visits.judge < 3", Else = "send", Next = "draft", Visits = 2 },
        Call("send", ("text", new Argument.Output("draft"))),
        Say("report"));

    const string Bad = """{"good": false, "score": 2}""", Good = """{"good": true, "score": 9}""";

    [Fact]
    public void A_step_whose_condition_does_not_hold_is_skipped_and_its_other_way_taken()
    {
        var judged = A.Started(Loop).Answered("a draft").Answered(Good);

        Assert.Equal(
            [new StepCompleted(1, Good, IsReadLater: true), new StepSkipped(2, "again", SkipReason.Condition)], judged.News.Skip(1).Take(2));
        Assert.Equal(("send", """{"text":"a draft"}"""), (judged.News.Only<StepStarted>().Name, judged.News.Only<ToolCallRequested>().Arguments));
    }

    [Fact]
    public void A_loop_is_left_when_what_was_waited_for_has_come()
    {
        var again = A.Started(Loop).Answered("one").Answered(Bad).Answered("shorter");
        Assert.Equal((0, "draft", 2), (again.Run.Step, again.News.Only<StepStarted>().Name, again.News.Only<StepStarted>().Visit));

        var left = again.Answered("two").Answered(Good);
        Assert.Equal("""{"text":"two"}""", left.News.Only<ToolCallRequested>().Arguments);
    }

    [Fact]
    public void A_loop_is_left_when_it_was_taken_as_often_as_it_may_be()
    {
        var story = A.Started(Loop);
        for (var round = 1; round <= 3; round++)
        {
            story = story.Answered($"draft {round}").Answered(Bad);
            if (round < 3) story = story.Answered("again");
        }

        Assert.Equal("""{"text":"draft 3"}""", story.News.Only<ToolCallRequested>().Arguments);
        Assert.Equal(3, story.Run.VisitsOf(0));
        Assert.Equal(2, story.Run.VisitsOf(2));
        Assert.Equal(8, story.History.OfType<StepCompleted>().Count());
    }

    [Fact]
    public void A_step_that_was_visited_as_often_as_it_may_be_is_skipped()
    {
        var agent = With(Say("a"), Say("b") with { Next = "a", Visits = 1 }, Say("c"));

        var second = A.Started(agent).Answered("1").Answered("2").Answered("3");

        Assert.Equal([new StepSkipped(1, "b", SkipReason.Visits), new StepStarted(2, "c")], second.News.Skip(2).Take(2));
    }

    [Fact]
    public void A_tool_step_that_is_taken_again_has_calls_of_its_own()
    {
        var agent = With(
            Say("write"), Call("send", ("text", new Argument.Output("write"))), Say("again") with { Next = "write", Visits = 1 }, Say("end of it"));
        var first = A.Started(agent).Answered("one");
        Assert.Equal("s0001t001", first.News.Only<ToolCallRequested>().ToolCallId);

        var second = first.When(A.Result("s0001t001")).Answered("again").Answered("two");

        Assert.Equal(("s0001v2t001", """{"text":"two"}"""),
            (second.News.Only<ToolCallRequested>().ToolCallId, second.News.Only<ToolCallRequested>().Arguments));
        Assert.Empty(second.When(A.Result("s0001t001")).News); // a report about the first time
    }

    [Fact]
    public void A_run_that_skips_all_that_is_left_answers_with_what_it_has()
    {
        var agent = With(Say("a"), Say("b") with { When = "output.a contains \"more\"" }, Say("c") with { When = "false" });

        var done = A.Started(agent).Claimed().When(Cited("enough", "length"));

        Assert.Equal(["ModelCallCompleted", "StepCompleted", "StepSkipped", "StepSkipped", "RunCompleted"], done.News.Names());
        Assert.Equal(("enough", 1, "length"),
            (done.News.Only<RunCompleted>().Answer, done.News.Only<RunCompleted>().Citations.Count, done.News.Only<RunCompleted>().Incomplete));
    }

    [Fact]
    public void A_run_that_skips_all_that_is_left_answers_with_what_a_model_said_last_whatever_came_after_it()
    {
        var agent = With(Say("a"), Call("b", ("text", new Argument.Output("a"))), Say("c") with { When = "output.b == \"more\"" });

        var done = A.Started(agent).Claimed().When(Cited("said", "length")).When(A.Result("s0001t001", "enough"));

        Assert.Equal(["ToolCallCompleted", "StepCompleted", "StepSkipped", "RunCompleted"], done.News.Names());
        Assert.Equal(("said", 1, "length"),
            (done.News.Only<RunCompleted>().Answer, done.News.Only<RunCompleted>().Citations.Count, done.News.Only<RunCompleted>().Incomplete));
    }

    [Fact]
    public void A_run_that_has_asked_no_model_answers_with_the_last_output_when_it_skips_all_that_is_left()
    {
        var agent = With(Call("a"), Call("b"), Say("c") with { When = "output.b == \"more\"" });

        var done = A.Started(agent).When(A.Result("s0000t001", "first")).When(A.Result("s0001t001", "second"));

        Assert.Equal("second", done.News.Only<RunCompleted>().Answer);
    }

    [Fact]
    public void A_run_that_skips_every_step_answers_nothing() => Assert.Equal(
        [new RunStarted("w1"), new StepSkipped(0, "a", SkipReason.Condition)],
        A.Started(With(Say("a") with { When = "label.wanted == true" })).News.SkipLast(1));

    [Fact]
    public void A_tool_step_at_the_end_answers_with_its_result_and_keeps_the_citations_of_the_model_before_it()
    {
        var agent = With(Say("a"), Call("b", ("text", new Argument.Output("a"))));

        var done = A.Started(agent).Claimed().When(Cited("said")).When(A.Result("s0001t001", "sent to all"));

        Assert.Equal("sent to all", done.News.Only<RunCompleted>().Answer);
        Assert.Single(done.News.Only<RunCompleted>().Citations);
        Assert.Equal(new StepCompleted(1, "sent to all"), done.News.Only<StepCompleted>());
        Assert.Empty(done.Run.ToolCalls); // what was kept is in the output now
    }

    [Fact]
    public void A_straight_agent_that_ends_with_a_model_keeps_and_says_no_more_than_it_always_did()
    {
        var story = A.Searching("one").When(A.Result("s0001t001")).Answered("a").Answered("b");

        Assert.All(story.History.OfType<StepStarted>(), step => Assert.Equal(new StepStarted(step.Step, step.Name), step));
        Assert.Null(story.Run.Answer);
        Assert.Null(story.Run.Visits);
        Assert.All(story.Run.ToolCalls.Values, call => Assert.Null(call.Result));
    }

    [Fact]
    public void A_step_may_lead_over_others_and_to_the_end()
    {
        var agent = With(Say("a") with { Next = "c" }, Say("b"), Say("c") with { Next = "end" }, Say("d"));

        var done = A.Started(agent).Answered("1").Answered("3");

        Assert.Equal([0, 2], done.History.OfType<StepCompleted>().Select(step => step.Step));
        Assert.Equal("3", done.News.Only<RunCompleted>().Answer);
    }

    [Fact]
    public void A_paused_run_decides_when_it_goes_on()
    {
        var paused = A.Started(Loop).Answered("one").Claimed().When(new PauseRun("ada", "look")).When(A.Reply(2, Good));
        Assert.Equal(["ModelCallCompleted", "StepCompleted"], paused.News.Names());

        Assert.Equal(["RunResumed", "StepSkipped", "StepStarted", "ToolCallRequested"], paused.When(new ResumeRun("ada", "go on")).News.Names());
    }

    [Fact]
    public void The_result_of_a_tool_step_can_be_read()
    {
        var agent = With(
            Call("look"), Say("deep") with { When = "output.look.items[0].price > 9.99", Else = "cheap" }, Say("cheap") with { Visits = 1 });
        var started = A.Started(agent);
        Assert.True(started.News.Only<StepStarted>().KeepsResults);

        var dear = started.When(A.Result("s0000t001", """{"items":[{"price":10}]}"""));
        Assert.Equal("deep", dear.News.Only<StepStarted>().Name);
        Assert.Equal("cheap", started.When(A.Result("s0000t001", """{"items":[{"price":9}]}""")).News.Only<StepStarted>().Name);
        Assert.Equal("cheap", started.When(A.Result("s0000t001", "no JSON")).News.Only<StepStarted>().Name);
    }

    [Fact]
    public void Lines_searched_for_make_an_array_of_results_in_their_order_with_null_for_one_that_failed()
    {
        var agent = With(
            Say("plan"), Call("search", ("query", new Argument.EachLine("plan"))), Say("say") with { When = "size(output.search) == 3" });
        var searching = A.Started(agent).Answered("a\nb\nc");

        var done = searching.When(
            A.Result("s0001t003", "text \"quoted\""), A.ToolFailure("s0001t002", FailureKind.ToolError), A.Result("s0001t001", """{"n": 1}"""));

        Assert.Equal("""[{"n": 1},null,"text \"quoted\""]""", done.News.Only<StepCompleted>().Output);
        Assert.Equal("say", done.News.Only<StepStarted>().Name);
    }

    [Fact]
    public void What_a_step_brings_is_kept_up_to_a_bound_that_is_named()
    {
        var agent = With(Call("look"), Say("say") with { When = "output.look == null" }) with { Limits = new(ResultCharacters: int.MaxValue) };

        var failed = A.Started(agent).When(A.Result("s0000t001", new string('x', 1_048_577)));

        Assert.Equal(["ToolCallCompleted", "RunFailed"], failed.News.Names());
        Assert.Equal(
            new(FailureKind.OutputLimit, "What step look brought has more than 1,048,576 characters, and the run would have to keep it."),
            failed.News.Only<RunFailed>().Failure);
    }

    [Fact]
    public void A_fork_goes_on_with_visits_outputs_and_kept_results()
    {
        var origin = A.Started(Loop).Answered("one").Answered(Bad).Answered("again").Answered("two");
        var (at, run) = Forking.PointAt(A.Id, origin.History, Loop, null)!.Value;
        var inherited = Forking.StateOf(run, origin.History.Take((int)at), Loop, "");
        var fork = Story.Of(Loop, A.Question(Loop) with { ForkedFrom = new(A.Id, at) }, inherited).When(new StartRun("w1"));

        Assert.Equal(2, fork.Run.VisitsOf(0));
        Assert.Equal("""{"text":"two"}""", fork.Answered(Good).News.Only<ToolCallRequested>().Arguments);
        Assert.Equal(fork.Run.Visits, origin.Run.Visits);
    }

    [Fact]
    public void A_run_that_ended_by_skipping_is_continued_before_its_last_reply()
    {
        var done = A.Started(With(Say("a"), Say("b") with { When = "false" })).Answered("1");

        Assert.IsType<ModelCallStarted>(done.History[(int)Forking.PointAt(A.Id, done.History, done.Agent, null)!.Value.Version - 1]);
    }

    [Fact]
    public void A_fork_is_never_continued_in_the_middle_of_skipping()
    {
        var judged = A.Started(Loop).Answered("a draft").Answered(Good);
        var skipped = judged.History.FindIndex(fact => fact is StepSkipped) + 1;

        Assert.Equal(skipped - 1, Forking.PointAt(A.Id, judged.History, Loop, skipped)!.Value.Version);
    }

    [Fact]
    public void A_later_model_is_told_of_a_step_once_as_it_was_the_last_time()
    {
        var second = A.Started(Loop).Answered("one").Answered(Bad).Answered("again").Answered("two").Answered(Good)
            .When(A.Result("s0003t001", "sent"));

        Assert.Equal(
            [("again", "again"), ("draft", "two"), ("judge", Good), ("send", "sent")],
            Conversation.Of(second.History, passagesPerStep: 12).Earlier.Select(step => (step.Name, step.Output)));
    }

    [Fact]
    public void A_later_model_is_told_the_results_of_a_tool_step_as_ever_and_once()
    {
        var agent = With(
            Say("plan"), Call("search", ("query", new Argument.EachLine("plan"))), Say("say") with { When = "output.search != null" },
            Say("end of it"));
        var done = A.Started(agent).Answered("a\nb").When(A.Result("s0001t001", "found"), A.ToolFailure("s0001t002", FailureKind.ToolError));

        Assert.Equal("found\n\nError: It was ToolError.", Conversation.Of(done.History, passagesPerStep: 12).Earlier[1].Output);
    }

    [Fact]
    public void A_thousand_steps_that_are_all_skipped_are_one_decision()
    {
        var agent = With([.. Enumerable.Range(0, 999).Select(n => Say($"s{n}") with { When = "false" }), Say("last")]);

        Assert.Equal(1002, A.Started(agent).News.Count);
    }

    static RecordModelReply Cited(string text, string finish = "stop")
    {
        var reply = A.Reply(1, text);
        return reply with { Reply = reply.Reply with { Citations = [new(1, "doc-1", 1, "p-1", "rag.md", "RAG")], FinishReason = finish } };
    }

    static ModelStep Say(string name) => new(name, "Say.");

    static ToolStep Call(string name, params (string Name, Argument Value)[] arguments) =>
        new(name, new("search_documents"), arguments.ToDictionary(argument => argument.Name, argument => argument.Value));

    static AgentDefinition With(params StepDefinition[] steps)
    {
        var agent = new AgentDefinition { Name = "decider", Model = "small", Steps = steps, Limits = new(CostUsd: 1) };
        Assert.Empty(agent.Problems());
        return agent;
    }
}
