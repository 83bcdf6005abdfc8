using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>
/// How a run of an agent with <see cref="AtLimit.Close"/> ends that has no money or no calls left: with one last word, without tools.
/// </summary>
/// <remarks>
/// What the last word can cost is kept back by the claims of all calls before it, see <see cref="LastWord"/>. The step under way is left, those
/// between it and the last model step are skipped, and so are those behind that.
/// </remarks>
static class ClosingRules
{
    /// <summary>What the answer of such a run is incomplete for.</summary>
    public const string Budget = "budget", Calls = "calls";

    /// <summary>Whether the run may go to its last word: it may do so once.</summary>
    public static bool MayClose(Decision decision) => decision.Agent.AtLimit is AtLimit.Close && decision.Run.Closing is null;

    /// <summary>
    /// Whether a call that was refused is made with another model: as the last word, or, when it is that already, with a model further on.
    /// </summary>
    public static bool IsRight(Decision decision, int closeWith) =>
        MayClose(decision) || decision.Run.Closing is not null && closeWith > decision.Run.Fallback;

    /// <summary>The run closes, unless it does already, and stands in the step that gives the last word.</summary>
    public static Decision Begin(Decision decision, string reason)
    {
        if (!MayClose(decision)) return decision;

        var (step, last) = (decision.Run.Step, decision.Agent.LastModelStep());
        decision.Add(new RunClosing(reason, last));
        return step == last ? decision : decision.Add(StepRules.Started(decision.Run, decision.Agent, last)); // a fork goes on in it
    }

    /// <summary>The last word is the answer, whatever tools it asks for. Without a word there is none.</summary>
    public static Decision End(Decision decision, ModelReply reply) => string.IsNullOrWhiteSpace(reply.Text)
        ? decision.Add(new RunFailed(new(FailureKind.EmptyReply, "The model was told to close, and its reply had no text.")))
        : decision
            .Add(new StepCompleted(decision.Run.Step, reply.Text))
            .Add(new RunCompleted(reply.Text, reply.Citations, decision.Run.Closing));
}
