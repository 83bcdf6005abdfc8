using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests.Runs;

/// <summary>Steps whose output must fit a schema. Whether it does, the worker that reports the reply has found out.</summary>
public sealed class OutputTests
{
    const string Schema = """{"type":"object","required":["days"]}""";

    static readonly string[] Wrong = ["$: Required properties [\"days\"] are not present."];

    /// <summary>Two model calls in each step.</summary>
    static readonly AgentDefinition Clerk = new()
    {
        Name = "clerk",
        Steps = [new ModelStep("fill", "Fill the form.", [new("search_documents")]) { OutputSchema = Schema }],
        Limits = new(ModelCallsPerStep: 2),
    };

    static readonly AgentDefinition Office = Clerk with
    {
        Steps = [new ModelStep("look", "Look.") { OutputSchema = Schema }, new ToolStep("search", new("search_documents"),
            new Dictionary<string, Argument> { ["query"] = new Argument.Output("look") }), new ModelStep("say", "Say it.")],
    };

    [Fact]
    public void An_output_that_fits_is_the_answer_without_white_space()
    {
        var done = A.Calling(Clerk).When(Fitting("```json\n{ \"days\": 30 }\n```", """{"days":30}"""));

        Assert.Equal(["ModelCallCompleted", "StepCompleted", "RunCompleted"], done.News.Names());
        Assert.Equal("""{"days":30}""", done.News.Only<StepCompleted>().Output);
        Assert.Equal(new RunCompleted("""{"days":30}""", [], null, """{"days":30}""") with { Citations = done.News.Only<RunCompleted>().Citations },
            done.News.Only<RunCompleted>());
    }

    [Fact]
    public void An_answer_without_a_schema_has_no_output() =>
        Assert.Null(A.Calling(A.Assistant).When(A.Reply(1, """{"days":30}""")).News.Only<RunCompleted>().Output);

    [Fact]
    public void An_unfit_reply_is_paid_for_and_asked_for_again()
    {
        var unfit = A.Calling(Clerk).When(Unfit(1));

        Assert.Equal(["ModelCallCompleted", "ModelCallScheduled"], unfit.News.Names());
        Assert.Equal((2, 1), (unfit.News.Only<ModelCallScheduled>().Call, unfit.News.Only<ModelCallScheduled>().Attempt));
        Assert.Equal(0.01m, unfit.Run.CostUsd);

        var done = unfit.Claimed().When(Fitting("{}", "{}", call: 2));
        Assert.Equal("{}", done.News.Only<RunCompleted>().Output);
        Assert.Null(done.Run.OutputProblems);
    }

    [Fact]
    public void A_run_whose_replies_never_fit_fails_with_the_reasons_when_its_calls_are_used()
    {
        var failed = A.Calling(Clerk).When(Unfit(1)).Claimed().When(Unfit(2));

        Assert.Equal(["ModelCallCompleted", "RunFailed"], failed.News.Names());
        var failure = failed.News.Only<RunFailed>().Failure;
        Assert.Equal(FailureKind.OutputUnfit, failure.Kind);
        Assert.Contains(Wrong[0], failure.Message, StringComparison.Ordinal);
        Assert.Contains("fill", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(failed.History, fact => fact is StepCompleted or RunCompleted);
    }

    [Fact]
    public void A_step_that_used_its_calls_for_tools_fails_for_its_calls()
    {
        var story = A.Calling(Clerk).When(Unfit(1)).Claimed().When(A.Reply(2, "", tools: "search_documents")).When(A.Result("c0002t001"));

        Assert.Equal(FailureKind.CallLimit, story.News.Only<RunFailed>().Failure.Kind);
    }

    [Fact]
    public void A_run_that_was_paused_meanwhile_fails_with_the_reasons_when_it_goes_on()
    {
        var paused = A.Calling(Clerk).When(Unfit(1)).Claimed().When(new PauseRun("ada", "look"), Unfit(2));
        Assert.Equal(["ModelCallCompleted"], paused.News.Names());

        Assert.Equal(FailureKind.OutputUnfit, paused.When(new ResumeRun("ada", "go on")).News.Only<RunFailed>().Failure.Kind);
    }

    [Fact]
    public void An_unfit_reply_that_comes_after_cancelling_starts_nothing()
    {
        var late = A.Calling(Clerk).When(new CancelRun("ada", "enough"), Unfit(1));

        Assert.IsType<ModelCallCompleted>(Assert.Single(late.News));
        Assert.Equal(0.01m, late.Run.CostUsd);
    }

    [Fact]
    public void Problems_of_one_step_are_none_of_the_next()
    {
        var next = A.Calling(Office).When(Unfit(1)).Claimed().When(Fitting("{}", "{}", call: 2), A.Result("s0001t001"));
        Assert.Equal("say", next.News.Only<StepStarted>().Name);
        Assert.Null(next.Run.OutputProblems);

        var used = next.Answered("", tools: "nothing").Answered("", tools: "nothing");
        Assert.Equal(FailureKind.CallLimit, used.News.Only<RunFailed>().Failure.Kind);
    }

    [Fact]
    public void A_later_step_reads_the_output_as_it_was_accepted()
    {
        var searching = A.Calling(Office).When(Fitting("```\n{ \"days\": 30 }\n```", """{"days":30}"""));

        Assert.Equal("""{"query":"{\"days\":30}"}""", searching.News.Only<ToolCallRequested>().Arguments);
        Assert.Equal("""{"days":30}""", Told(searching).Earlier.Single().Output);
    }

    [Fact]
    public void The_model_is_told_its_unfit_reply_and_what_is_wrong()
    {
        var told = Told(A.Calling(Clerk).When(Unfit(1))).Turns;

        Assert.Equal(new Turn.Model("[]", []), told[0]);
        Assert.Equal(Wrong, Assert.IsType<Turn.Unfit>(told[1]).Problems);
        Assert.Equal(2, told.Count);
    }

    [Fact]
    public void What_a_caller_asks_of_the_models_is_part_of_the_conversation()
    {
        var parameters = new ModelParameters(Temperature: 0.5);
        var queued = A.Question(Clerk) with { Brief = new(OutputSchema: Schema, Parameters: parameters) };

        var said = Conversation.Of([queued], passagesPerStep: 4);

        Assert.Equal((Schema, parameters), (said.OutputSchema, said.Parameters));
    }

    [Fact]
    public void The_runs_schema_counts_for_the_last_step_only()
    {
        Assert.Equal(Schema, ModelWishes.SchemaOf(Office, 0, "{}"));
        Assert.Equal("{}", ModelWishes.SchemaOf(Office, 2, "{}"));
        Assert.Null(ModelWishes.SchemaOf(Office, 2, ofRun: null));
        Assert.Null(ModelWishes.SchemaOf(Office, 1, ofRun: null));
        Assert.Equal("{}", ModelWishes.SchemaOf(Clerk, 0, "{}"));
    }

    [Fact]
    public void A_schema_that_is_too_long_is_a_problem_of_the_definition()
    {
        var longest = Clerk with { Steps = [new ModelStep("fill", "Fill.") { OutputSchema = new(' ', ModelWishes.SchemaCharacters) }] };
        var longer = Clerk with { Steps = [new ModelStep("fill", "Fill.") { OutputSchema = new(' ', ModelWishes.SchemaCharacters + 1) }] };

        Assert.Empty(longest.Problems());
        Assert.Contains("65,537", Assert.Single(longer.Problems()), StringComparison.Ordinal);
    }

    static Conversation Told(Story story) => Conversation.Of(story.History, passagesPerStep: 4);

    static RecordModelReply Fitting(string text, string json, int call = 1)
    {
        var reply = A.Reply(call, text);
        return reply with { Reply = reply.Reply with { Output = json } };
    }

    static RecordModelReply Unfit(int call)
    {
        var reply = A.Reply(call, "[]");
        return reply with { Reply = reply.Reply with { OutputProblems = Wrong } };
    }
}
