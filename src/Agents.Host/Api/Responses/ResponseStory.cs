using System.Text.Json.Nodes;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Log;

namespace Agents.Host.Api.Responses;

/// <summary>
/// One response as its run's facts make it: the response so far, and the events of its stream. Fed fact by fact, from the first; it reads no clock,
/// no configuration and no other run, so every node makes the same events with the same numbers.
/// </summary>
/// <remarks>
/// A response ends when its run ends, or cannot go on without a person: it waits for approvals only, or is parked. What the run does after it went on
/// belongs to its next response. So what a client was told is final stays as it was.
/// </remarks>
public sealed class ResponseStory
{
    readonly Guid runId;
    readonly int wanted;
    readonly AgentDefinition agent;
    readonly ResponseEvents events;
    readonly ReplyEvents reply;
    readonly ToolEvents tools;

    readonly HashSet<string> approved = new(StringComparer.Ordinal);
    readonly List<ToolCallResolved> resolved = [];
    readonly Dictionary<string, int> answeredIn = new(StringComparer.Ordinal);
    readonly List<ApprovalAnswer> answers = [];

    RunQueued? queued;
    ResponseState state = new("queued", default, null, Usage.None, null);
    bool isOpen;
    bool isParked;

    /// <param name="wanted">Which of the run's responses to make, from 1.</param>
    /// <param name="agent">The definition that the run obeys.</param>
    public ResponseStory(Guid runId, int wanted, AgentDefinition agent, Include include)
    {
        (this.runId, this.wanted, this.agent) = (runId, wanted, agent);
        Run = Run.Before(runId);
        events = new(Response);
        reply = new(runId, events);
        tools = new(runId, agent, include, events);
    }

    /// <summary>The response has begun.</summary>
    public bool HasBegun => Part >= wanted;

    /// <summary>The response is final.</summary>
    public bool HasEnded => Part > wanted || (IsWanted && !isOpen);

    /// <summary>The run waits for the approvals that this response ended with.</summary>
    public bool AwaitsApproval => IsWanted && !isOpen && tools.AreStuck(Run);

    /// <summary>The run's latest response, from 1; 0 before the first fact.</summary>
    public int Part { get; private set; }

    /// <summary>The run as the facts so far leave it.</summary>
    public Run Run { get; private set; }

    bool IsWanted => Part == wanted;

    /// <summary>The response that began when an approval was answered, and how; null when it was not.</summary>
    public (int Part, bool IsApproved)? AnswerOf(string toolCallId) =>
        answeredIn.TryGetValue(toolCallId, out var at) ? (at, approved.Contains(toolCallId)) : null;

    /// <summary>What the client asked with: messages, or the answers to approvals.</summary>
    public IEnumerable<JsonObject> InputItems() =>
        wanted == 1 ? ResponseJson.Messages(runId, queued!) : answers.Select(answer => ResponseJson.Answer(runId, answer));

    /// <summary>The response as it is now.</summary>
    public JsonObject Response() => state.Json(runId, wanted, queued!, events.Items, HasEnded);

    /// <summary>What the next fact adds to the stream, in order.</summary>
    public IReadOnlyList<ResponseEvent> Add(DateTimeOffset at, RunEvent happened)
    {
        Run = Run.Evolve(Run, happened);
        if (happened is RunQueued first) queued = first;
        tools.Remember(Run, happened);
        if (!isOpen && Begins(happened)) Begin(at, happened);
        if (happened is ToolCallApproved or ToolCallDenied) RememberAnswer(happened);
        if (!isOpen && happened is ToolCallResolved said) resolved.Add(said); // told with the response that goes on after it
        if (isOpen) AddEventsOf(at, happened);
        if (isOpen && tools.AreStuck(Run)) End(at, "completed");
        return events.TakeAdded();
    }

    /// <summary>What the next item of the run's own stream adds: a fact, or a piece of a reply that is still coming.</summary>
    public IReadOnlyList<ResponseEvent> Add(StreamedItem item)
    {
        if (item is StreamedItem.Fact fact) return Add(fact.Stored.At, fact.Happened);
        if (isOpen && item is StreamedItem.Delta piece && !HasSchema()) reply.Add(piece);
        return events.TakeAdded();
    }

    bool Begins(RunEvent happened) =>
        happened is RunQueued || (isParked && happened is RunResumed)
        || (Run.Status is RunStatus.Running or RunStatus.Paused && happened is ToolCallApproved or ToolCallDenied);

    void Begin(DateTimeOffset at, RunEvent happened)
    {
        if (Part >= wanted) return; // the wanted response has ended, and stays as it is
        (Part, isOpen, isParked) = (Part + 1, true, false);
        state = state with { Status = happened is RunQueued ? "queued" : "in_progress", CreatedAt = at, Usage = Usage.None, Failure = null };
        events.Begin(IsWanted);
        reply.Drop();
        tools.Begin();
        answers.Clear();
        events.Add("response.created");
        events.Add(happened is RunQueued ? "response.queued" : "response.in_progress");
        if (happened is RunResumed) tools.AddApprovals(Run);
    }

    void RememberAnswer(RunEvent happened)
    {
        var answer = happened is ToolCallDenied denied
            ? new ApprovalAnswer(denied.ToolCallId, false, denied.Reason)
            : new ApprovalAnswer(((ToolCallApproved)happened).ToolCallId, true, null);
        answeredIn[answer.ToolCallId] = isOpen ? Part : Part + 1;
        if (answer.IsApproved) approved.Add(answer.ToolCallId);
        if (isOpen) answers.Add(answer);
    }

    void AddEventsOf(DateTimeOffset at, RunEvent happened)
    {
        StepEvents.Add(events, agent, at, happened);
        tools.Add(happened);
        switch (happened)
        {
            case RunStarted:
                SetStatus("in_progress");
                events.Add("response.in_progress");
                break;
            case RunResumed:
                foreach (var said in resolved) tools.Add(said);
                resolved.Clear();
                break;
            case ModelCallStarted e when agent.After(Run.Step) is null || Run.Closing is not null:
                reply.Begin(e.Call, e.Attempt);
                break;
            case ModelCallCompleted { Reply.OutputProblems: not null } e:
                AddUsage(e.Usage);
                reply.Drop(); // no reader was shown anything of it
                break;
            case ModelCallCompleted e:
                AddUsage(e.Usage);
                reply.Complete(e.Reply with { Text = e.Reply.Output ?? e.Reply.Text });
                break;
            case ModelCallFailed e:
                AddUsage(e.Usage);
                reply.Drop(); // refused before it said anything: what breaks off in the middle has an unknown outcome
                break;
            case ModelCallOutcomeUnknown:
                reply.Lose();
                break;
            case RunCompleted e:
                if (Run.Closing is null && (agent.After(Run.Step) is not null || agent.Steps[Run.Step] is not ModelStep)) AddAnswer(e);
                SetIncomplete(e.Incomplete ?? (reply.FinishReason is "length" or "content_filter" ? reply.FinishReason : null));
                End(at, state.Incomplete is null ? "completed" : "incomplete");
                break;
            case RunFailed e:
                reply.Lose();
                SetFailure(e.Failure);
                End(at, "failed");
                break;
            case RunParked e:
                isParked = true;
                SetFailure(e.Failure);
                End(at, "failed");
                break;
            case RunCancelled:
                reply.Lose();
                End(at, "cancelled");
                break;
        }
    }

    /// <summary>What turned out to be the answer when the run ended, and was not sent as it came.</summary>
    void AddAnswer(RunCompleted end)
    {
        reply.Begin(Run.ModelCalls, attempt: 0);
        reply.Complete(new(end.Answer, [], end.Citations, "", end.Incomplete ?? "stop"));
    }

    /// <summary>The text of the step under way is shown when it is known to fit.</summary>
    bool HasSchema() => Run.Step >= 0 && ModelWishes.SchemaOf(agent, Run.Step, queued?.Brief?.OutputSchema) is not null;

    void End(DateTimeOffset at, string how)
    {
        isOpen = false;
        SetStatus(how);
        if (!IsWanted) return;
        if (how is "completed") state = state with { CompletedAt = at };
        events.Add(how switch { "completed" => "response.completed", "failed" => "response.failed", _ => "response.incomplete" });
    }

    void SetStatus(string now) => state = IsWanted ? state with { Status = now } : state;

    void SetIncomplete(string? why) => state = IsWanted ? state with { Incomplete = why } : state;

    void SetFailure(Failure why) => state = IsWanted ? state with { Failure = why } : state;

    void AddUsage(Usage? used) => state = state with { Usage = state.Usage + (used ?? Usage.None) };
}

/// <summary>How a person answered a tool call that waited for approval.</summary>
public sealed record ApprovalAnswer(string ToolCallId, bool IsApproved, string? Reason);
