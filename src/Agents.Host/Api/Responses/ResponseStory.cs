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
    readonly Include include;
    readonly ResponseEvents events;
    readonly ReplyEvents reply;

    readonly HashSet<string> shown = new(StringComparer.Ordinal);
    readonly Dictionary<string, ToolCallRequested> requested = new(StringComparer.Ordinal);
    readonly Dictionary<string, PassagesRetrieved> found = new(StringComparer.Ordinal);
    readonly HashSet<string> approved = new(StringComparer.Ordinal);
    readonly Dictionary<string, int> answeredIn = new(StringComparer.Ordinal);
    readonly List<ApprovalAnswer> answers = [];

    RunQueued? queued;
    ResponseState state = new("queued", default, null, Usage.None, null);
    int requestsInTurn;
    (int Items, int Parallel)? list; // of the step under way, if it works on one
    bool isOpen;
    bool isParked;

    /// <param name="wanted">Which of the run's responses to make, from 1.</param>
    /// <param name="agent">The definition that the run obeys.</param>
    public ResponseStory(Guid runId, int wanted, AgentDefinition agent, Include include)
    {
        (this.runId, this.wanted, this.agent, this.include) = (runId, wanted, agent, include);
        Run = Run.Before(runId);
        events = new(Response);
        reply = new(runId, events);
    }

    /// <summary>The response has begun.</summary>
    public bool HasBegun => Part >= wanted;

    /// <summary>The response is final.</summary>
    public bool HasEnded => Part > wanted || (IsWanted && !isOpen);

    /// <summary>The run waits for the approvals that this response ended with.</summary>
    public bool AwaitsApproval => IsWanted && !isOpen && IsStuck();

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
        Remember(happened);
        if (!isOpen && Begins(happened)) Begin(at, happened);
        if (happened is ToolCallApproved or ToolCallDenied) RememberAnswer(happened);
        if (isOpen) AddEventsOf(at, happened);
        if (isOpen && IsStuck()) End(at, "completed");
        return events.TakeAdded();
    }

    /// <summary>What the next item of the run's own stream adds: a fact, or a piece of a reply that is still coming.</summary>
    public IReadOnlyList<ResponseEvent> Add(StreamedItem item)
    {
        if (item is StreamedItem.Fact fact) return Add(fact.Stored.At, fact.Happened);
        if (isOpen && item is StreamedItem.Delta piece && !HasSchema()) reply.Add(piece);
        return events.TakeAdded();
    }

    void Remember(RunEvent happened)
    {
        switch (happened)
        {
            case RunQueued e: queued = e; break;
            case StateInherited e: (requestsInTurn, list) = (e.ToolCalls.Count, e.IsInStep ? ListOf(e.Step) : null); break;
            case ModelCallCompleted e: requestsInTurn = e.Reply.ToolRequests.Count; break;
            case StepStarted { Step: var step } when agent.Steps[step] is ToolStep { ForEach: null } tool:
                requestsInTurn = Math.Min(agent.Limits.ToolCallsPerTurn, ArgumentBinding.Bind(tool, Run.Question, OutputOf, Run.LabelOf).Count);
                list = null;
                break;
            case StepStarted e: list = ListOf(e.Step); break;
            case ToolCallRequested e: requested[e.ToolCallId] = e; break;
            case PassagesRetrieved e: found[e.ToolCallId] = e; break;
            case ToolCallApproved e: approved.Add(e.ToolCallId); break;
        }
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
        shown.Clear();
        answers.Clear();
        events.Add("response.created");
        events.Add(happened is RunQueued ? "response.queued" : "response.in_progress");
        if (happened is RunResumed)
            foreach (var (id, _) in Run.ToolCalls.Where(call => call.Value.Status is ToolCallStatus.AwaitingApproval)) AddApproval(requested[id]);
    }

    void RememberAnswer(RunEvent happened)
    {
        var answer = happened is ToolCallDenied denied
            ? new ApprovalAnswer(denied.ToolCallId, false, denied.Reason)
            : new ApprovalAnswer(((ToolCallApproved)happened).ToolCallId, true, null);
        answeredIn[answer.ToolCallId] = isOpen ? Part : Part + 1;
        if (isOpen) answers.Add(answer);
    }

    void AddEventsOf(DateTimeOffset at, RunEvent happened)
    {
        switch (happened)
        {
            case RunStarted:
                SetStatus("in_progress");
                events.Add("response.in_progress");
                break;
            case StepStarted e:
                events.Add("response.agent_step.started", new() { ["step"] = e.Step, ["name"] = e.Name });
                break;
            case StepSkipped e:
                events.Add("response.agent_step.skipped", new() { ["step"] = e.Step, ["name"] = e.Name, ["reason"] = ReasonOf(e.Reason) });
                break;
            case StepCompleted e:
                events.Add("response.agent_step.completed", new() { ["step"] = e.Step, ["name"] = agent.Steps[e.Step].Name, ["output"] = e.Output });
                break;
            case WaitStarted e:
                events.Add(
                    "response.agent_wait.started",
                    new() { ["step"] = e.Step, ["wait"] = e.Wait, ["signal"] = e.Signal, ["until"] = e.EndsBy(at)?.ToString("O", null) });
                break;
            case WaitEnded e:
                events.Add(
                    "response.agent_wait.ended",
                    new() { ["step"] = e.Step, ["wait"] = e.Wait, ["by"] = e.By.ToString().ToLowerInvariant(), ["payload"] = e.Payload });
                break;
            case SignalReceived e:
                events.Add("response.agent_signal.received", new() { ["name"] = e.Name, ["payload"] = e.Payload });
                break;
            case ToolCallRequested { NeedsApproval: true } e:
                AddApproval(e);
                break;
            case ToolCallCompleted e when found.TryGetValue(e.ToolCallId, out var passages):
                events.AddItem(
                    ResponseJson.Search(runId, passages, "in_progress", include), ResponseJson.Search(runId, passages, "completed", include),
                    "file_search_call.in_progress", "file_search_call.searching", "file_search_call.completed");
                break;
            case ToolCallCompleted e:
                AddTool(requested[e.ToolCallId], e.Attempt, e.Result, null);
                break;
            case ToolCallFailed e:
                AddTool(requested[e.ToolCallId], e.Attempt, null, e.Failure);
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

    void AddApproval(ToolCallRequested call)
    {
        shown.Add(call.ToolCallId);
        events.AddItem(ResponseJson.ApprovalRequest(runId, call), null);
    }

    void AddTool(ToolCallRequested call, int attempt, string? result, Failure? failed)
    {
        var (needed, status) = (call.NeedsApproval ? ResponseIds.OfApproval(runId, call.ToolCallId) : null, failed is null ? "completed" : "failed");
        events.AddItem(
            ResponseJson.Tool(runId, call, attempt, "in_progress", null, null, needed),
            ResponseJson.Tool(runId, call, attempt, status, result, failed, needed),
            "mcp_call.in_progress", "mcp_call_arguments.done", $"mcp_call.{status}");
    }

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

    /// <summary>
    /// Nothing is in flight any more, and every call of the turn was asked for; what is left waits for approvals that this response shows.
    /// </summary>
    bool IsStuck() =>
        Run.Status is RunStatus.Running && Run.ModelCall is null && Run.ToolCalls.Count >= RequestsByNow()
        && Run.ToolCalls.Values.All(call => call.IsSettled() || call.Status is ToolCallStatus.AwaitingApproval)
        && Run.ToolCalls.Any(call => call.Value.Status is ToolCallStatus.AwaitingApproval && shown.Contains(call.Key));

    /// <summary>Of a list, one more call is requested with each outcome, in the same transaction.</summary>
    int RequestsByNow() => list is { } all
        ? Math.Min(all.Items, all.Parallel + Run.ToolCalls.Values.Count(call => call.IsSettled()))
        : requestsInTurn;

    (int Items, int Parallel)? ListOf(int step) => agent.Steps[step] is ToolStep { ForEach: { } each }
        ? (ArgumentBinding.Items(each, OutputOf).Count, each.Parallel)
        : null;

    static string ReasonOf(SkipReason reason) => reason is SkipReason.Condition ? "condition" : "visits";

    string OutputOf(string step) => Run.Outputs.GetValueOrDefault(agent.PositionOf(step), "");
}

/// <summary>How a person answered a tool call that waited for approval.</summary>
public sealed record ApprovalAnswer(string ToolCallId, bool IsApproved, string? Reason);
