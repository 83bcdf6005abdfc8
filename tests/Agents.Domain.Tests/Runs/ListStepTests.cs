using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Steps that work on the items of a list, a few at a time.</summary>
public sealed class ListStepTests
{
    static readonly ResumeRun Resume = new("ada", "go on");

    [Fact]
    public void No_more_calls_are_under_way_than_may_be_and_the_next_item_follows_as_one_settles()
    {
        var two = Listing("a\nb\nc\nd", parallel: 2);
        Assert.Equal([("s0001t001", """{"item":"a"}"""), ("s0001t002", """{"item":"b"}""")], Asked(two));

        var third = two.When(A.Result("s0001t002", "B"));
        Assert.Equal(["ToolCallCompleted", "ToolCallRequested"], third.News.Names());
        Assert.Equal([("s0001t003", """{"item":"c"}""")], Asked(third));
        Assert.Equal([new RunTool(A.Id, "s0001t003", 1)], third.Work.Select(work => work.Message));

        var fourth = third.When(A.ToolFailure("s0001t001", FailureKind.ToolError));
        Assert.Equal(["ToolCallFailed", "ToolCallRequested"], fourth.News.Names());

        var last = fourth.When(A.Result("s0001t004", "D"));
        Assert.Equal(["ToolCallCompleted"], last.News.Names());
        Assert.Equal("""[null,"B","C","D"]""", last.When(A.Result("s0001t003", "C")).News.Only<StepCompleted>().Output);
    }

    [Fact]
    public void The_limit_on_tools_of_a_turn_does_not_bound_a_list() =>
        Assert.Equal(20, Asked(Listing(string.Join('\n', Enumerable.Range(0, 20).Select(n => $"n{n}")), parallel: 50)).Count());

    [Fact]
    public void The_items_of_a_json_array_keep_their_types_and_members_can_be_named()
    {
        var agent = Agent(new(new("plan", "orders"), Parallel: 9), new Dictionary<string, Argument>
        {
            ["id"] = new Argument.Item("id"), ["count"] = new Argument.Item("count"), ["all"] = new Argument.Item(),
            ["for"] = new Argument.Output("plan", "customer.name"), ["paid"] = new Argument.Output("plan", "paid"),
            ["none"] = new Argument.Output("plan", "nobody"),
        });

        var asked = A.Started(agent).Answered("""{"orders":[{"id":"x","count":2.50},"y"],"customer":{"name":"Ada"},"paid":true}""").News
            .OfType<ToolCallRequested>();

        Assert.Equal(
            ["""{"all":{"id":"x","count":2.50},"count":2.50,"for":"Ada","id":"x","none":"","paid":true}""",
                """{"all":"y","count":"","for":"Ada","id":"","none":"","paid":true}"""],
            asked.Select(call => call.Arguments));
    }

    [Theory]
    [InlineData("[]"), InlineData(""), InlineData(" \n"), InlineData("null")]
    public void An_empty_list_makes_no_call_and_the_step_is_complete(string plan)
    {
        var done = Listing(plan);

        Assert.Equal(["ModelCallCompleted", "StepCompleted", "StepStarted", "StepCompleted", "StepStarted", "ModelCallScheduled"], done.News.Names());
        Assert.Equal("[]", done.News.OfType<StepCompleted>().Last().Output);
    }

    [Fact]
    public void A_list_that_is_too_long_fails_the_run_before_its_first_call()
    {
        var failed = Listing("[1,2,3,4]", most: 3);

        Assert.Equal(["ModelCallCompleted", "StepCompleted", "StepStarted", "RunFailed"], failed.News.Names());
        Assert.Equal("The list of step each has 4 items and may have 3.", failed.News.Only<RunFailed>().Failure.Message);
    }

    [Fact]
    public void One_failure_more_than_may_be_parks_the_run_asks_for_nothing_new_and_resuming_tries_the_failed_again()
    {
        var one = Listing("a\nb\nc\nd\ne", parallel: 3, failures: 1).When(A.ToolFailure("s0001t001", FailureKind.ToolError));
        Assert.Equal(["ToolCallFailed", "ToolCallRequested"], one.News.Names());

        var parked = one.When(A.ToolFailure("s0001t003", FailureKind.BadArguments));
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());
        Assert.Equal(
            new(FailureKind.BadArguments, "More than 1 calls of step each failed or were denied, the last with: It was BadArguments."),
            parked.News.Only<RunParked>().Failure);
        Assert.Equal(["ToolCallCompleted"], parked.When(A.Result("s0001t002")).News.Names());

        var resumed = parked.When(A.Result("s0001t002"), Resume);
        Assert.Equal(
            [
                new RunResumed("ada", "go on"), new ToolCallScheduled("s0001t001", 2, TimeSpan.Zero),
                new ToolCallScheduled("s0001t003", 2, TimeSpan.Zero),
            ],
            resumed.News);
        Assert.Equal(["ToolCallCompleted", "ToolCallRequested"], resumed.When(A.Result("s0001t001", attempt: 2)).News.Names());
    }

    [Fact]
    public void Resuming_tries_no_more_calls_at_a_time_than_may_be_under_way_and_each_of_them_before_it_gives_up()
    {
        var parked = Listing("a\nb\nc\nd", parallel: 2).When(
            Failing(1), Failing(2), Failing(3), Failing(4));
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());

        var resumed = parked.When(Resume);
        Assert.Equal(
            [new ToolCallScheduled("s0001t001", 2, TimeSpan.Zero), new ToolCallScheduled("s0001t002", 2, TimeSpan.Zero)], resumed.News.Skip(1));
        Assert.Equal([new RunTool(A.Id, "s0001t001", 2), new RunTool(A.Id, "s0001t002", 2)], resumed.Work.Select(work => work.Message));

        var third = resumed.When(A.Result("s0001t001", "A", attempt: 2));
        Assert.Equal(new ToolCallScheduled("s0001t003", 2, TimeSpan.Zero), Assert.Single(third.News.Skip(1)));
        var fourth = third.When(Failing(2, attempt: 2)); // three of four may fail, and this one has not come to nothing alone
        Assert.Equal(new ToolCallScheduled("s0001t004", 2, TimeSpan.Zero), Assert.Single(fourth.News.Skip(1)));

        var done = fourth.When(Failing(3, attempt: 2), A.Result("s0001t004", "D", attempt: 2));
        Assert.Equal("""["A",null,null,"D"]""", done.News.Only<StepCompleted>().Output);
    }

    [Fact]
    public void A_list_that_fails_again_as_often_parks_again_and_asks_for_nothing_new_meanwhile()
    {
        var parked = Listing("a\nb\nc\nd\ne", parallel: 1, failures: 1).When(Failing(1), Failing(2));

        var second = parked.When(Resume).When(Failing(1, attempt: 2));
        Assert.Equal(["ToolCallFailed", "ToolCallScheduled"], second.News.Names());
        Assert.Equal(["ToolCallFailed", "RunParked"], second.When(Failing(2, attempt: 2)).News.Names());

        var third = second.When(A.Result("s0001t002", attempt: 2));
        Assert.Equal([("s0001t003", """{"item":"c"}""")], Asked(third));
    }

    [Fact]
    public void A_list_is_at_rest_when_all_that_it_may_ask_for_waits_for_a_person()
    {
        var agent = Agent(new(new("plan"), Parallel: 2, Failures: 1), needsApproval: true);
        var asking = A.Started(agent).Answered("a\nb\nc\nd");
        Assert.True(RunDecider.IsAtRest(asking.Run, agent));

        var parked = asking.When(new ApproveToolCall("s0001t001", "ada"), new ApproveToolCall("s0001t002", "ada"))
            .When(Failing(1), Failing(2)); // with each failure the next item is asked for, until too many have failed
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());
        var resumed = parked.When(Resume);
        Assert.Equal(["RunResumed", "ToolCallScheduled"], resumed.News.Names()); // the other place is that of the item that waits for a person

        var settled = resumed.When(A.Result("s0001t001", attempt: 2));
        Assert.False(RunDecider.IsAtRest(Run.Evolve(resumed.Run, settled.News[0]), agent)); // the second one is still to be tried again
        Assert.Equal("s0001t002", settled.News.Only<ToolCallScheduled>().ToolCallId);
        Assert.True(RunDecider.IsAtRest(settled.When(A.Result("s0001t002", attempt: 2)).Run, agent));
    }

    [Fact]
    public void What_may_fail_is_not_tried_again_after_a_pause()
    {
        var paused = Listing("a\nb\nc\nd", parallel: 1, failures: 1).When(Failing(1)).When(new PauseRun("ada", "look")).When(A.Result("s0001t002"));

        Assert.Equal(["RunResumed", "ToolCallRequested"], paused.When(Resume).News.Names());
    }

    [Fact]
    public void What_may_fail_before_a_pause_is_not_tried_again_when_more_than_may_fail_after_it()
    {
        var resumed = Listing("a\nb\nc\nd", parallel: 1, failures: 1).When(Failing(1)).When(new PauseRun("ada", "look")).When(A.Result("s0001t002"))
            .When(Resume);

        Assert.Equal(["ToolCallFailed", "RunParked"], resumed.When(Failing(3)).News.Names());
        Assert.Equal(
            "s0001t001", resumed.When(Failing(3), Resume).News.Only<ToolCallScheduled>().ToolCallId); // resuming tries both again, one at a time
    }

    [Fact]
    public void A_call_that_a_person_said_is_not_made_again_is_not_and_one_failure_more_than_may_be_parks_the_run()
    {
        var resolved = InDoubt(parallel: 1, failures: 1).When(new ResolveToolCall("s0001t001", null, "the desk was closed", "ada", ""));
        Assert.Equal(["ToolCallResolved", "RunResumed", "ToolCallRequested"], resolved.News.Names());

        var parked = resolved.When(Failing(2));
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());
        Assert.Equal("s0001t001", parked.When(Resume).News.Only<ToolCallScheduled>().ToolCallId); // only resuming makes it again
    }

    [Theory]
    [InlineData("sent"), InlineData(null)]
    public void A_run_that_is_parked_for_too_many_failures_stays_so_when_a_doubt_is_resolved(string? result)
    {
        var parked = Listing("a\nb\nc", parallel: 3, failures: 1).ClaimedTool("s0001t001")
            .When(Failing(2), Failing(3)).When(A.ToolFailure("s0001t001", FailureKind.OutcomeUnknown));
        Assert.Equal(RunStatus.Parked, parked.Run.Status);

        var resolved = parked.When(new ResolveToolCall("s0001t001", result, null, "ada", ""));
        Assert.Equal(RunStatus.Parked, resolved.Run.Status);
        Assert.DoesNotContain(resolved.News, fact => fact is RunResumed);
        Assert.Equal(result is null ? 3 : 2, resolved.When(Resume).Work.Count); // the failed ones, and the one that is made again
    }

    [Fact]
    public void A_run_in_which_an_older_build_tried_all_of_them_at_once_is_derived_again()
    {
        var parked = Listing("a\nb\nc\nd", parallel: 2).When(Failing(1), Failing(2), Failing(3), Failing(4));
        var older = Story.Of(parked.Agent,
            [
                .. parked.History, new RunResumed("ada", "go on"),
                .. Enumerable.Range(1, 4).Select(n => new ToolCallScheduled($"s0001t00{n}", 2, TimeSpan.Zero)),
            ]);
        older = older.When(Enumerable.Range(1, 4).Select(n => A.Result($"s0001t00{n}", attempt: 2)).ToArray<object>());

        Assert.Equal("StepCompleted", older.News.Names().ElementAt(1));
        Assert.Null(DecisionReplay.Check(A.Id, older.History, older.Agent));
    }

    [Fact]
    public void All_but_one_may_fail_when_nothing_is_said()
    {
        var two = Listing("a\nb\nc").When(A.ToolFailure("s0001t001", FailureKind.ToolError), A.ToolFailure("s0001t003", FailureKind.ToolError));

        Assert.Equal("""[null,"B",null]""", two.When(A.Result("s0001t002", "B")).News.Only<StepCompleted>().Output);
        Assert.Equal(["ToolCallFailed", "RunParked"], two.When(A.ToolFailure("s0001t002", FailureKind.ToolError)).News.Names());
    }

    [Fact]
    public void Denials_count_like_failures_and_more_of_them_alone_than_may_be_fail_the_run()
    {
        var agent = Agent(new(new("plan"), Parallel: 4, Failures: 1), needsApproval: true);
        var waiting = A.Started(agent).Answered("a\nb\nc");
        DenyToolCall no(int item) => new($"s0001t00{item}", "ada", "no");

        var failed = waiting.When(no(1)).When(no(2));
        Assert.Equal(["ToolCallDenied", "RunFailed"], failed.News.Names());
        Assert.Equal(
            new(FailureKind.Rejected, "More than 1 calls of step each failed or were denied, the last denied by ada: no"),
            failed.News.Only<RunFailed>().Failure);

        var mixed = waiting.When(new ApproveToolCall("s0001t003", "ada")).When(A.ToolFailure("s0001t003", FailureKind.ToolError)).When(no(1));
        Assert.Equal(["ToolCallDenied", "RunParked"], mixed.News.Names());
        Assert.Equal([new RunResumed("ada", "go on"), new ToolCallScheduled("s0001t003", 2, TimeSpan.Zero)], mixed.When(Resume).News);
    }

    [Fact]
    public void A_call_whose_outcome_is_unknown_waits_for_a_person_and_is_never_made_again()
    {
        var parked = Listing("a\nb\nc", parallel: 1, failures: 0).ClaimedTool("s0001t001")
            .When(A.ToolFailure("s0001t001", FailureKind.OutcomeUnknown));
        Assert.Equal(["ToolCallFailed", "RunParked"], parked.News.Names());

        var resumed = parked.When(Resume);
        Assert.Equal(["RunResumed", "ToolCallRequested"], resumed.News.Names());
        Assert.Equal(
            """[null,"B","C"]""", resumed.When(A.Result("s0001t002", "B"), A.Result("s0001t003", "C")).News.Only<StepCompleted>().Output);
    }

    [Fact]
    public void A_call_that_is_tried_again_keeps_its_place()
    {
        var again = Listing("a\nb\nc", parallel: 1).When(A.ToolFailure("s0001t001", FailureKind.Timeout));

        Assert.Equal(["ToolCallFailed", "ToolCallScheduled"], again.News.Names());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(null)]
    public void Whether_too_many_have_failed_is_known_without_reading_the_list(int? failures)
    {
        var items = string.Join(',', Enumerable.Range(0, 100).Select(n => $"\"{n} {new string('x', 10_000)}\""));
        var paused = Listing($"[{items}]", parallel: 3, failures).When(new PauseRun("ada", "look"));
        Assert.Equal(["ToolCallFailed"], paused.When(Failing(1)).News.Names());

        var before = GC.GetAllocatedBytesForCurrentThread();
        paused.When(Failing(1));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 500_000); // the list has a million characters
    }

    [Fact]
    public void A_paused_list_asks_for_nothing_and_goes_on_where_it_stood()
    {
        var paused = Listing("a\nb\nc", parallel: 1).When(new PauseRun("ada", "look")).When(A.Result("s0001t001"));
        Assert.Equal(["ToolCallCompleted"], paused.News.Names());

        Assert.Equal([("s0001t002", """{"item":"b"}""")], Asked(paused.When(Resume)));
    }

    [Fact]
    public void A_fork_goes_on_with_the_rest_of_the_list()
    {
        var origin = Listing("a\nb\nc\nd", parallel: 2).When(A.Result("s0001t001", "A"));
        var (at, run) = Forking.PointAt(A.Id, origin.History, origin.Agent, null)!.Value;
        var inherited = Forking.StateOf(run, origin.History.Take((int)at), origin.Agent, "");
        var fork = Story.Of(origin.Agent, A.Question(origin.Agent), inherited).When(new StartRun("w1"));
        Assert.Equal(["s0001t002", "s0001t003"], fork.News.OfType<ToolCallRequested>().Select(call => call.ToolCallId));

        var done = fork.When(A.Result("s0001t002", "B"), A.Result("s0001t003", "C"), A.Result("s0001t004", "D"));
        Assert.Equal("""["A","B","C","D"]""", done.News.Only<StepCompleted>().Output);
    }

    [Fact]
    public void Empty_lists_in_a_loop_are_one_decision_that_ends()
    {
        var agent = Agent(new(new("plan")), then: each => each with { Next = "each", Visits = 1_000 });

        var done = A.Started(agent).Answered("[]");

        Assert.Equal(1_000, done.News.OfType<StepCompleted>().Count(step => step.Step == 1));
        Assert.Equal("report", done.News.OfType<StepStarted>().Last().Name);
    }

    [Fact]
    public void A_list_of_runs_shares_what_is_left_among_those_still_to_come()
    {
        var agent = Agent(
            new(new("plan"), Parallel: 2),
            new Dictionary<string, Argument> { ["agent"] = new Argument.Text("research"), ["question"] = new Argument.Item() },
            tool: new(ChildOf.Tool, Agents: ["research"]));
        var asking = A.Started(agent).Answered("a\nb\nc\nd", usd: 0m);
        Assert.Equal("""{"agent":"research","question":"a"}""", asking.News.OfType<ToolCallRequested>().First().Arguments);

        var first = asking.When(Wanted("s0001t001")).When(Wanted("s0001t002"));
        Assert.Equal([0.25m, 0.25m], first.History.OfType<ChildRunStarted>().Select(child => child.HeldUsd));
        Assert.Equal(Pending.Child, SlotUse.Of(first.Run));

        var decision = A.Decide(first.Run, agent, A.Result("s0001t001", "done") with { ChildUsd = 0.05m });
        Assert.Equal(["ToolCallCompleted", "ToolCallRequested"], decision.Events.Names());
        Assert.True(decision.Slot().IsRecalled); // it needs a slot again to start the next one
        var next = first.When(A.Result("s0001t001", "done") with { ChildUsd = 0.05m }).When(Wanted("s0001t003"));
        Assert.Equal(0.35m, next.News.Only<ChildRunStarted>().HeldUsd);
    }

    static Story InDoubt(int parallel, int failures) => Listing("a\nb\nc", parallel, failures).ClaimedTool("s0001t001")
        .When(A.ToolFailure("s0001t001", FailureKind.OutcomeUnknown));

    static RecordToolFailure Failing(int item, int attempt = 1) => A.ToolFailure($"s0001t00{item}", FailureKind.ToolError, attempt);

    static RecordChildWanted Wanted(string toolCallId) => new(
        toolCallId, 1, new Guid(toolCallId[^1] + "199a0c4-0000-7000-8000-00000000000a"),
        new("research", 1, "hash", "small", "What else?", 5, "ada", TimeSpan.FromMinutes(1), ChildOf: new(A.Id, toolCallId, 1, A.Id, 1)));

    static IEnumerable<(string Id, string Arguments)> Asked(Story story) =>
        story.News.OfType<ToolCallRequested>().Select(call => (call.ToolCallId, call.Arguments));

    static Story Listing(string plan, int parallel = 4, int? failures = null, int most = 100) =>
        A.Started(Agent(new(new("plan"), parallel, failures, most))).Answered(plan);

    static AgentDefinition Agent(
        ForEach list, Dictionary<string, Argument>? arguments = null, ToolGrant? tool = null, bool needsApproval = false,
        Func<ToolStep, ToolStep>? then = null)
    {
        var each = new ToolStep(
            "each", tool ?? new("search_documents", needsApproval), arguments ?? new() { ["item"] = new Argument.Item() }) { ForEach = list };
        var agent = new AgentDefinition
        {
            Name = "lister",
            Model = "small",
            Steps =
            [
                new ModelStep("plan", "Plan."), then?.Invoke(each) ?? each, new ModelStep("report", "Report.") { When = "output.each != null" },
            ],
            Limits = new(ToolCallsPerTurn: 3, CostUsd: 1),
        };
        Assert.Empty(agent.Problems());
        return agent;
    }
}
