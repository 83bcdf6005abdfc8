using System.Collections.Immutable;
using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>What the model must be told next: folded from the run's facts when a worker needs it, never stored.</summary>
/// <remarks>
/// Passages are numbered once for the whole run, in the order in which the model first sees them, so <c>[3]</c> means the same passage
/// in every step and in the answer.
/// </remarks>
public sealed record Conversation
{
    public string Question { get; init; } = "";

    /// <summary>What was said before the question, in earlier runs of the thread or by the caller; the latest, within bounds.</summary>
    public IReadOnlyList<EarlierMessage> Before { get; init; } = [];

    /// <summary>The caller's own, told after those of the step. Null when there are none.</summary>
    public string? Instructions { get; init; }

    /// <summary>The most one reply of the last step may hold. Null means the agent's limit only.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>The schema that the caller wants the last step's output to fit, as JSON text. Null means the step's own.</summary>
    public string? OutputSchema { get; init; }

    /// <summary>How the caller wants the models to answer. Null means as step and agent say.</summary>
    public ModelParameters? Parameters { get; init; }

    /// <summary>The completed steps, in the order of their completion; of one that was taken several times, the last time only.</summary>
    public ImmutableList<EarlierStep> Earlier { get; init; } = [];

    /// <summary>What was said in the step under way.</summary>
    public ImmutableList<Turn> Turns { get; init; } = [];

    /// <summary>Every passage shown so far; number n is at position n - 1.</summary>
    public ImmutableList<Passage> Sources { get; init; } = [];

    /// <summary>Why the run gives its last word now: <c>budget</c> or <c>calls</c>. Null as long as it does not.</summary>
    public string? Closing { get; init; }

    string StepName { get; init; } = "";

    /// <summary>The output of the step under way is made of its calls' results, which are told one by one instead.</summary>
    bool IsMadeOfResults { get; init; }

    /// <summary>The run closes in another step than the one in which the turns were said.</summary>
    bool IsLeft { get; init; }

    /// <summary>How the wait of the step under way has ended. Null in other steps.</summary>
    string? WaitSays { get; init; }

    /// <summary>What each call of a tool step has retrieved, in the order of the calls, until the step ends and they are fused.</summary>
    ImmutableSortedDictionary<string, IReadOnlyList<Passage>> Found { get; init; } = NothingFound;

    /// <summary>The conversation after the whole history.</summary>
    /// <param name="passagesPerStep">How many fused passages a tool step hands on; see <see cref="Definitions.Limits.PassagesPerStep"/>.</param>
    /// <param name="thread">What the runs before this one in its thread said, oldest first. Null when there are none.</param>
    public static Conversation Of(IEnumerable<RunEvent> history, int passagesPerStep, IReadOnlyList<EarlierMessage>? thread = null) =>
        new Conversation { Before = thread ?? [] }.After(history, passagesPerStep);

    /// <summary>The conversation when this has happened, too.</summary>
    /// <param name="passagesPerStep">As for <see cref="Of"/>.</param>
    public Conversation After(IEnumerable<RunEvent> happened, int passagesPerStep) =>
        happened.Aggregate(this, (said, one) => said.After(one, passagesPerStep));

    Conversation After(RunEvent happened, int passagesPerStep) => happened switch
    {
        RunQueued e => this with
        {
            Question = e.Question,
            Before = EarlierMessage.Latest([.. Before, .. e.Brief?.Earlier ?? []]),
            Instructions = e.Brief?.Instructions,
            OutputTokens = e.Brief?.OutputTokens,
            OutputSchema = e.Brief?.OutputSchema,
            Parameters = e.Brief?.Parameters,
        },
        RunClosing e => this with { Closing = e.Reason },
        StateInherited when Closing is not null => GoingOn(),
        StepStarted e when Closing is not null => this with { StepName = e.Name, IsLeft = true }, // its last word rests on what was found before
        StepStarted e => this with { StepName = e.Name, IsMadeOfResults = e.KeepsResults, Turns = [], Found = NothingFound, WaitSays = null },
        WaitEnded { By: WaitEnd.Time } => this with { WaitSays = "The wait is over: its time came." },
        WaitEnded e => this with { WaitSays = e.Payload.Length > 0 ? e.Payload : "The signal came, without a payload." },
        StepCompleted e => Completed(e.Output, passagesPerStep),
        ModelCallCompleted when Closing is not null => this, // it ends the run, and a fork gives a reply of its own
        ModelCallCompleted { Reply: { OutputProblems: { } problems } unfit } => Add(new Turn.Model(unfit.Text, [])).Add(new Turn.Unfit(problems)),
        ModelCallCompleted e => Add(new Turn.Model(e.Reply.Text, [])),
        ToolCallRequested { Call: null } => this,
        ToolCallRequested e => Asking(new(e.ToolCallId, e.Tool, e.Arguments)),
        PassagesRetrieved e => IsAsked(e.ToolCallId) ? Showing(e) : this with { Found = Found.SetItem(e.ToolCallId, e.Passages) },
        ToolCallCompleted e => WithResult(e.ToolCallId, e.Result),
        ToolCallFailed { Failure.Kind: FailureKind.OutcomeUnknown } e =>
            WithResult(e.ToolCallId, $"Error: It is not known whether the call had its effect, and it is not made again. {e.Failure.Message}"),
        ToolCallFailed e => WithResult(e.ToolCallId, "Error: " + e.Failure.Message),
        ToolCallResolved { Result: { } result } e => WithResult(e.ToolCallId, result),
        ToolCallResolved { Failed: { } failed } e => WithResult(e.ToolCallId, "Error: " + failed),
        ToolCallDenied e => WithResult(e.ToolCallId, "Denied: " + e.Reason),
        ToolCallScheduled e => Without(e.ToolCallId), // tried again: the model hears the last outcome only
        _ => this,
    };

    /// <summary>
    /// A fork of a run that closes has limits of its own: it goes on in the step of the last word, with what was said in that step alone.
    /// </summary>
    Conversation GoingOn() => this with
    {
        Closing = null, IsLeft = false, Turns = IsLeft ? [] : Turns, Found = IsLeft ? NothingFound : Found,
    };

    /// <summary>A model step hands on its last words, a tool step what its calls brought.</summary>
    Conversation Completed(string output, int passagesPerStep)
    {
        var words = IsMadeOfResults ? "" : output;
        var results = WaitSays ?? (words.Length > 0 || Found.Count > 0 ? words : ResultsInOrder());
        var passages = Fusion.Of(Found.Values).Take(passagesPerStep).ToList();
        var said = Numbering(passages);
        var step = new EarlierStep(StepName, results, said.Numbered(passages));
        var others = Earlier.RemoveAll(earlier => earlier.Name == StepName);
        return said with { Earlier = others.Add(step), Turns = [], Found = NothingFound, WaitSays = null };
    }

    /// <summary>In the order of the calls, not of their arrival: the same searches hand on the same, whichever came back first.</summary>
    string ResultsInOrder() =>
        string.Join("\n\n", Turns.OfType<Turn.Tool>().OrderBy(turn => turn.ToolCallId, StringComparer.Ordinal).Select(turn => turn.Result));

    Conversation Add(Turn turn) => this with { Turns = Turns.Add(turn) };

    /// <summary>What a fork asks for anew stands there already.</summary>
    Conversation Asking(ToolUse use) => !IsAsked(use.ToolCallId) && Turns.FindLast(turn => turn is Turn.Model) is Turn.Model asking
        ? this with { Turns = Turns.Replace(asking, asking with { ToolUses = asking.ToolUses.Add(use) }) }
        : this;

    Conversation Showing(PassagesRetrieved e)
    {
        var said = Numbering(e.Passages);
        return said.Add(new Turn.Tool(e.ToolCallId, "", said.Numbered(e.Passages)));
    }

    /// <summary>The result joins the passages shown for the same call, if there are any.</summary>
    Conversation WithResult(string toolCallId, string result) =>
        Turns.Find(turn => turn is Turn.Tool tool && tool.ToolCallId == toolCallId) is Turn.Tool shown
        ? this with { Turns = Turns.Replace(shown, shown with { Result = result }) }
        : Add(new Turn.Tool(toolCallId, result, []));

    Conversation Without(string toolCallId) =>
        this with { Turns = Turns.RemoveAll(turn => turn is Turn.Tool tool && tool.ToolCallId == toolCallId) };

    Conversation Numbering(IReadOnlyList<Passage> passages) => this with
    {
        Sources = Sources.AddRange(passages.DistinctBy(passage => passage.PassageId).Where(passage => NumberOf(passage) is 0)),
    };

    ImmutableList<NumberedPassage> Numbered(IReadOnlyList<Passage> passages) =>
        [.. passages.DistinctBy(passage => passage.PassageId).Select(passage => new NumberedPassage(NumberOf(passage), passage))];

    int NumberOf(Passage passage) => Sources.FindIndex(source => source.PassageId == passage.PassageId) + 1;

    static readonly ImmutableSortedDictionary<string, IReadOnlyList<Passage>> NothingFound =
        ImmutableSortedDictionary.Create<string, IReadOnlyList<Passage>>(StringComparer.Ordinal);

    bool IsAsked(string toolCallId) => Turns.OfType<Turn.Model>().Any(turn => turn.ToolUses.Any(use => use.ToolCallId == toolCallId));
}

/// <summary>A completed step, as later steps are told of it.</summary>
/// <param name="Output">What a model step said last, or the results of a tool step's calls.</param>
/// <param name="Passages">What a tool step retrieved, best first.</param>
public sealed record EarlierStep(string Name, string Output, ImmutableList<NumberedPassage> Passages);

/// <summary>A passage under the number that the model is to cite it by.</summary>
public sealed record NumberedPassage(int Number, Passage Passage);

/// <summary>A tool the model asked for, under our id.</summary>
public sealed record ToolUse(string ToolCallId, string Tool, string Arguments);

/// <summary>One turn of the step under way. A closed family.</summary>
public abstract record Turn
{
    private Turn() { }

    public sealed record Model(string Text, ImmutableList<ToolUse> ToolUses) : Turn;

    public sealed record Tool(string ToolCallId, string Result, ImmutableList<NumberedPassage> Passages) : Turn;

    /// <summary>Why the reply before it was not taken for the step's output, in sentences.</summary>
    public sealed record Unfit(IReadOnlyList<string> Problems) : Turn;
}
