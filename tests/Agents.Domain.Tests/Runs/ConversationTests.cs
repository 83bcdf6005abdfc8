using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

public sealed class ConversationTests
{
    [Fact]
    public void The_first_call_is_told_the_question()
    {
        var said = Of(A.Started(A.Research));

        Assert.Equal("What is RAG?", said.Question);
        Assert.Empty(said.Earlier);
        Assert.Empty(said.Turns);
    }

    [Fact]
    public void Earlier_steps_are_kept_in_order_with_their_last_words()
    {
        var said = Of(A.Searching("one").When(A.Result("s0001t001", "three passages")).Answered("these matter").Answered("a draft"));

        Assert.Equal(
            [("plan", "one"), ("search", "three passages"), ("analyze", "these matter"), ("synthesize", "a draft")],
            said.Earlier.Select(step => (step.Name, step.Output)));
        Assert.Empty(said.Turns);
    }

    [Fact]
    public void The_passages_of_a_tool_step_stand_for_its_output()
    {
        var said = Of(A.Searching("one").When(A.Result("s0001t001", "found p and q", passages: [A.Passage("p"), A.Passage("q")])));

        Assert.Equal("", said.Earlier[1].Output);
        Assert.Equal([(1, "p"), (2, "q")], said.Earlier[1].Passages.Select(shown => (shown.Number, shown.Passage.PassageId)));
    }

    [Fact]
    public void A_search_that_finds_nothing_hands_on_nothing()
    {
        var nothing = A.Result("s0001t001", "nothing found") with { Retrieved = new("one", []) };

        var step = Of(A.Searching("one").When(nothing)).Earlier[1];
        Assert.Equal("", step.Output);
        Assert.Empty(step.Passages);
    }

    [Fact]
    public void A_tool_step_without_passages_hands_on_the_results_of_its_calls() =>
        Assert.Equal(
            "first\n\nsecond", Of(A.Searching("one\ntwo").When(A.Result("s0001t001", "first"), A.Result("s0001t002", "second"))).Earlier[1].Output);

    [Fact]
    public void Passages_found_by_many_queries_come_first()
    {
        var story = A.Searching("one\ntwo\nthree").When(
            A.Result("s0001t001", passages: [A.Passage("a"), A.Passage("shared")]),
            A.Result("s0001t002", passages: [A.Passage("b"), A.Passage("shared")]),
            A.Result("s0001t003", passages: [A.Passage("c"), A.Passage("shared")]));

        Assert.Equal(["shared", "a", "b", "c"], Of(story).Sources.Select(passage => passage.PassageId));
    }

    [Fact]
    public void Which_search_comes_back_first_makes_no_difference()
    {
        var searching = A.Searching("one\ntwo\nthree");
        var found = new[] { "s0001t001", "s0001t002", "s0001t003" }.Select(id => A.Result(id, id, passages: A.Passage("of " + id))).ToArray<object>();

        Assert.Equivalent(Of(searching.When(found)), Of(searching.When([found[2], found[0], found[1]])), strict: true);
        Assert.Equal(["of s0001t001", "of s0001t002", "of s0001t003"],
            Of(searching.When([found[1], found[2], found[0]])).Sources.Select(passage => passage.PassageId));
    }

    [Fact]
    public void No_more_passages_are_handed_on_than_a_step_may()
    {
        var story = A.Searching("one").When(A.Result("s0001t001", passages: [A.Passage("a"), A.Passage("b"), A.Passage("c")]));

        Assert.Equal(["a", "b"], Conversation.Of(story.History, passagesPerStep: 2).Sources.Select(passage => passage.PassageId));
    }

    [Fact]
    public void A_passage_keeps_its_number_over_the_whole_run()
    {
        var once = A.Asking("search_documents").When(A.Result("c0001t001", passages: [A.Passage("p"), A.Passage("q")]));
        Assert.Equal([1, 2], Shown(once, "c0001t001"));

        var twice = once.Answered("", tools: "search_documents")
            .When(A.Result("c0002t001", passages: [A.Passage("r"), A.Passage("q"), A.Passage("r")]));
        Assert.Equal([1, 2], Shown(twice, "c0001t001"));
        Assert.Equal([3, 2], Shown(twice, "c0002t001"));
        Assert.Equal(["p", "q", "r"], Of(twice).Sources.Select(passage => passage.PassageId));
    }

    [Fact]
    public void A_passage_seen_in_one_step_has_the_same_number_in_the_next()
    {
        var twoSteps = A.Assistant with { Steps = [A.Assistant.Steps[0], new ModelStep("check", "Check.", [new("search_documents")])] };
        var first = A.Calling(twoSteps).When(A.Reply(1, "", tools: "search_documents")).When(A.Result("c0001t001", passages: A.Passage("p")));

        var second = first.Answered("see [1]").Answered("", tools: "search_documents")
            .When(A.Result("c0003t001", passages: [A.Passage("q"), A.Passage("p")]));
        Assert.Equal([2, 1], Shown(second, "c0003t001"));
    }

    [Fact]
    public void A_model_is_told_what_it_asked_and_what_came_of_it()
    {
        var story = A.Asking("search_documents", "rm_rf", "send_mail")
            .When(new DenyToolCall("c0001t003", "ada", "too blunt"), A.Result("c0001t001", "found", passages: A.Passage("p")));
        var said = Of(story);

        var asking = Assert.Single(said.Turns.OfType<Turn.Model>());
        Assert.Equal(["c0001t001", "c0001t002", "c0001t003"], asking.ToolUses.Select(use => use.ToolCallId));
        Assert.Equal("found", Answer(said, "c0001t001").Result);
        Assert.Equal("Error: Step answer has no tool rm_rf.", Answer(said, "c0001t002").Result);
        Assert.Equal("Denied: too blunt", Answer(said, "c0001t003").Result);
        Assert.IsType<Turn.Model>(said.Turns[0]);
    }

    [Fact]
    public void Turns_that_read_alike_stay_apart()
    {
        var story = A.Asking("search_documents").When(A.Result("c0001t001", "one"))
            .Answered("", tools: "search_documents").When(A.Result("c0002t001", "two"));

        Assert.Equal(["c0001t001", "c0002t001"], Of(story).Turns.OfType<Turn.Model>().Select(turn => Assert.Single(turn.ToolUses).ToolCallId));
    }

    [Fact]
    public void Every_tool_request_is_answered_exactly_once_whatever_was_retried()
    {
        var twice = A.Asking("search_documents", "search_documents").When(
            A.ToolFailure("c0001t001", FailureKind.Timeout, 1), A.Result("c0001t002"), A.ToolFailure("c0001t001", FailureKind.Timeout, 2));
        Assert.DoesNotContain(Of(twice).Turns.OfType<Turn.Tool>(), turn => turn.ToolCallId == "c0001t001");

        var succeeded = twice.When(A.Result("c0001t001", "at last", attempt: 3));
        Assert.Equal("at last", Answer(Of(succeeded), "c0001t001").Result);
        Assert.Equal("found", Answer(Of(succeeded), "c0001t002").Result);

        var failed = twice.When(A.ToolFailure("c0001t001", FailureKind.Timeout, 3));
        Assert.Equal("Error: It was Timeout.", Answer(Of(failed), "c0001t001").Result);
        Assert.Equal("found", Answer(Of(failed), "c0001t002").Result);
    }

    [Fact]
    public void The_model_is_told_that_a_call_may_have_had_its_effect()
    {
        var doubtful = A.Asking("open_ticket").ClaimedTool("c0001t001").When(A.ToolFailure("c0001t001", FailureKind.Timeout));

        Assert.Equal(
            "Error: It is not known whether the call had its effect, and it is not made again. It was Timeout.",
            Answer(Of(doubtful), "c0001t001").Result);
    }

    [Fact]
    public void A_call_that_was_tried_again_is_told_the_same_as_the_first_time()
    {
        var asked = A.Asking("search_documents").When(A.Result("c0001t001", passages: A.Passage("p")));
        var retried = asked.Claimed().When(A.ModelFailure(FailureKind.Unavailable, call: 2)).Claimed().When(A.Lost(2, 2));

        Assert.Equivalent(Of(asked), Of(retried), strict: true);
    }

    [Fact]
    public void Pausing_leaves_no_trace_in_what_is_said()
    {
        var asked = A.Asking("search_documents");

        Assert.Equivalent(
            Of(asked.When(A.Result("c0001t001"))),
            Of(asked.When(new PauseRun("ada", "look"), A.Result("c0001t001"), new ResumeRun("ada", "go on"))), strict: true);
    }

    [Fact]
    public void What_was_folded_before_goes_on_to_the_same_from_anywhere()
    {
        var history = A.Searching("one\ntwo").When(
            A.Result("s0001t001", "found", passages: [A.Passage("p"), A.Passage("q")]), A.Result("s0001t002", "more", passages: [A.Passage("q")]))
            .Answered("these matter").Answered("a draft").History;
        var whole = Conversation.Of(history, passagesPerStep: 5);

        for (var cut = 0; cut <= history.Count; cut++)
            Assert.Equivalent(whole, Conversation.Of(history.Take(cut), passagesPerStep: 5).After(history.Skip(cut), passagesPerStep: 5), strict: true);
    }

    static Conversation Of(Story story) => Conversation.Of(story.History, story.Agent.Limits.PassagesPerStep);

    static Turn.Tool Answer(Conversation said, string toolCallId) =>
        Assert.Single(said.Turns.OfType<Turn.Tool>(), turn => turn.ToolCallId == toolCallId);

    static IEnumerable<int> Shown(Story story, string toolCallId) => Answer(Of(story), toolCallId).Passages.Select(shown => shown.Number);
}
