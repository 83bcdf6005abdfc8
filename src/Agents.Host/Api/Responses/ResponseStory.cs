using System.Text.Json.Nodes;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Log;
using Agents.Host.Models;

namespace Agents.Host.Api.Responses;

/// <summary>
/// One response as its run's facts tell it: the response so far, and the events of its stream. Fed fact by fact, from the first; it reads no clock, no
/// configuration and no other run, so every node tells the same story with the same numbers.
/// </summary>
/// <remarks>
/// A response ends when its run ends, or cannot go on without a person: it waits for approvals only, or is parked. What the run does after it went on
/// belongs to its next response. So what a client was told is final stays as it was.
/// </remarks>
/// <param name="wanted">Which of the run's responses to tell, from 1.</param>
/// <param name="agent">The definition that the run obeys.</param>
public sealed class ResponseStory(Guid runId, int wanted, AgentDefinition agent, Include include)
{
    /// <summary>Numbers kept for the text of an attempt that came to nothing: nobody knows how much of it was seen.</summary>
    const int LostText = ModelLimits.Text;

    readonly List<JsonObject> output = [];
    readonly HashSet<string> shown = new(StringComparer.Ordinal);
    readonly Dictionary<string, ToolCallRequested> asked = new(StringComparer.Ordinal);
    readonly Dictionary<string, PassagesRetrieved> found = new(StringComparer.Ordinal);
    readonly HashSet<string> approved = new(StringComparer.Ordinal);
    readonly Dictionary<string, int> answeredIn = new(StringComparer.Ordinal);
    readonly List<ApprovalAnswer> answers = [];
    List<ResponseEvent> told = [];

    Run run = Run.Before(runId);
    RunQueued? queued;
    OpenText? text;
    Usage usage = Usage.None;
    string finishReason = "";
    int requestsInTurn;
    long next;
    int part;
    bool isTelling;
    bool isParked;
    DateTimeOffset createdAt;
    DateTimeOffset? completedAt;
    Failure? failure;
    string status = "queued";

    /// <summary>The response has begun.</summary>
    public bool HasBegun => part >= wanted;

    /// <summary>The response is final.</summary>
    public bool HasEnded => part > wanted || (part == wanted && !isTelling);

    /// <summary>The run waits for the approvals that this response ended with.</summary>
    public bool AwaitsApproval => part == wanted && !isTelling && IsStuck();

    /// <summary>The run's latest response.</summary>
    public int Part => part;

    /// <summary>The run as the facts so far leave it.</summary>
    public Run Run => run;

    /// <summary>The response that began when an approval was answered, and how; null when it was not.</summary>
    public (int Part, bool IsApproved)? AnswerOf(string toolCallId) =>
        answeredIn.TryGetValue(toolCallId, out var at) ? (at, approved.Contains(toolCallId)) : null;

    /// <summary>What the client asked with: messages, or the answers to approvals.</summary>
    public IEnumerable<JsonObject> InputItems() => wanted == 1 ? ResponseJson.Messages(runId, queued!) : answers.Select(answer => ResponseJson.Answer(runId, answer));

    /// <summary>The response as it is now.</summary>
    public JsonObject Response() => new()
    {
        ["id"] = ResponseIds.Of(runId, wanted),
        ["object"] = "response",
        ["created_at"] = createdAt.ToUnixTimeSeconds(),
        ["status"] = status,
        ["background"] = queued!.Brief?.IsAwaited is not true,
        ["completed_at"] = completedAt?.ToUnixTimeSeconds(),
        ["error"] = failure is null ? null : ResponseJson.Error(failure),
        ["incomplete_details"] = status == "incomplete" ? new JsonObject { ["reason"] = finishReason == "length" ? "max_output_tokens" : "content_filter" } : null,
        ["instructions"] = queued.Brief?.Instructions,
        ["max_output_tokens"] = queued.Brief?.OutputTokens,
        ["max_tool_calls"] = null,
        ["model"] = queued.Agent,
        ["output"] = new JsonArray([.. output.Select(item => item.DeepClone())]),
        ["parallel_tool_calls"] = true,
        ["previous_response_id"] = wanted > 1 ? ResponseIds.Of(runId, wanted - 1)
            : queued.Previous is { } previous ? ResponseIds.Of(previous, queued.Brief?.PreviousPart ?? 1) : null,
        ["reasoning"] = new JsonObject { ["effort"] = null, ["summary"] = null },
        ["service_tier"] = ServiceTiers.Of(queued.Priority),
        ["store"] = true,
        ["temperature"] = 1.0,
        ["text"] = new JsonObject { ["format"] = new JsonObject { ["type"] = "text" } },
        ["tool_choice"] = "auto",
        ["tools"] = new JsonArray(),
        ["top_logprobs"] = 0,
        ["top_p"] = 1.0,
        ["truncation"] = null,
        ["usage"] = HasEnded ? ResponseJson.Usage(usage) : null,
        ["user"] = null,
        ["metadata"] = new JsonObject((queued.Metadata ?? new Dictionary<string, string>()).Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))),
    };

    /// <summary>What the next fact adds to the stream, in order.</summary>
    public IReadOnlyList<ResponseEvent> Add(DateTimeOffset at, RunEvent happened)
    {
        told = [];
        run = Run.Evolve(run, happened);
        Remember(happened);
        if (!isTelling && Begins(happened)) Begin(at, happened);
        if (happened is ToolCallApproved or ToolCallDenied) Answered(happened);
        if (!isTelling) return told;

        Tell(at, happened);
        if (isTelling && IsStuck()) End(at, "completed");
        return told;
    }

    /// <summary>What the next item of the run's own stream adds: a fact, or a piece of a reply that is still coming.</summary>
    public IReadOnlyList<ResponseEvent> Add(StreamedItem item) => item switch
    {
        StreamedItem.Fact fact => Add(fact.Stored.At, fact.Happened),
        StreamedItem.Delta piece => AddText(piece),
        _ => [],
    };

    IReadOnlyList<ResponseEvent> AddText(StreamedItem.Delta piece)
    {
        told = [];
        if (!isTelling || text is not { } open || (open.Call, open.Attempt) != (piece.Call, piece.Attempt) || piece.Text.Length == 0) return told;

        Announce(open);
        TellText(open, open.From + 1 + piece.Offset, piece.Text);
        return told;
    }

    void Remember(RunEvent happened)
    {
        switch (happened)
        {
            case RunQueued e: queued = e; break;
            case StateInherited e: requestsInTurn = e.ToolCalls.Count; break;
            case ModelCallCompleted e: requestsInTurn = e.Reply.ToolRequests.Count; break;
            case StepStarted { Step: var step } when agent.Steps[step] is ToolStep tool:
                requestsInTurn = Math.Min(agent.Limits.ToolCallsPerTurn, ArgumentBinding.Bind(tool, run.Question, OutputOf, run.LabelOf).Count);
                break;
            case ToolCallRequested e: asked[e.ToolCallId] = e; break;
            case PassagesRetrieved e: found[e.ToolCallId] = e; break;
            case ToolCallApproved e: approved.Add(e.ToolCallId); break;
        }
    }

    bool Begins(RunEvent happened) =>
        happened is RunQueued || (isParked && happened is RunResumed)
        || (run.Status is RunStatus.Running or RunStatus.Paused && happened is ToolCallApproved or ToolCallDenied);

    void Begin(DateTimeOffset at, RunEvent happened)
    {
        if (part >= wanted) return; // what is wanted has been told
        (part, isTelling, isParked, next, usage, createdAt, text, failure) = (part + 1, true, false, 0, Usage.None, at, null, null);
        output.Clear();
        shown.Clear();
        answers.Clear();
        status = happened is RunQueued ? "queued" : "in_progress";
        Tell("response.created");
        Tell(happened is RunQueued ? "response.queued" : "response.in_progress");
        if (happened is RunResumed)
            foreach (var (id, _) in run.ToolCalls.Where(call => call.Value.Status is ToolCallStatus.AwaitingApproval)) TellApproval(asked[id]);
    }

    void Answered(RunEvent happened)
    {
        var answer = happened is ToolCallDenied denied
            ? new ApprovalAnswer(denied.ToolCallId, false, denied.Reason)
            : new ApprovalAnswer(((ToolCallApproved)happened).ToolCallId, true, null);
        answeredIn[answer.ToolCallId] = isTelling ? part : part + 1;
        if (isTelling) answers.Add(answer);
    }

    void Tell(DateTimeOffset at, RunEvent happened)
    {
        switch (happened)
        {
            case RunStarted:
                SetStatus("in_progress");
                Tell("response.in_progress");
                break;
            case StepStarted e:
                Tell("response.agent_step.started", new() { ["step"] = e.Step, ["name"] = e.Name });
                break;
            case StepCompleted e:
                Tell("response.agent_step.completed", new() { ["step"] = e.Step, ["name"] = agent.Steps[e.Step].Name, ["output"] = e.Output });
                break;
            case ToolCallRequested { NeedsApproval: true } e:
                TellApproval(e);
                break;
            case ToolCallCompleted e when found.TryGetValue(e.ToolCallId, out var passages):
                TellItem(
                    ResponseJson.Search(runId, passages, "in_progress", include), ResponseJson.Search(runId, passages, "completed", include),
                    ["file_search_call.in_progress", "file_search_call.searching", "file_search_call.completed"]);
                break;
            case ToolCallCompleted e:
                TellTool(asked[e.ToolCallId], e.Attempt, e.Result, null);
                break;
            case ToolCallFailed e:
                TellTool(asked[e.ToolCallId], e.Attempt, null, e.Failure);
                break;
            case ModelCallStarted e when run.Step == agent.Steps.Count - 1:
                text = new(e.Call, e.Attempt, next);
                break;
            case ModelCallCompleted e:
                Pay(e.Usage);
                TellReply(e);
                break;
            case ModelCallFailed e:
                Pay(e.Usage);
                text = null; // refused before it said anything: what breaks off in the middle has an unknown outcome
                break;
            case ModelCallOutcomeUnknown:
                TellLostReply();
                break;
            case RunCompleted:
                End(at, finishReason is "length" or "content_filter" ? "incomplete" : "completed");
                break;
            case RunFailed e:
                TellLostReply();
                SetFailure(e.Failure);
                End(at, "failed");
                break;
            case RunParked e:
                isParked = true;
                SetFailure(e.Failure);
                End(at, "failed");
                break;
            case RunCancelled:
                TellLostReply();
                End(at, "cancelled");
                break;
        }
    }

    void TellApproval(ToolCallRequested call)
    {
        shown.Add(call.ToolCallId);
        TellItem(ResponseJson.ApprovalRequest(runId, call), null, []);
    }

    /// <summary>A complete reply of the last step. Without text it only asked for tools, and nobody was told of it.</summary>
    void TellReply(ModelCallCompleted e)
    {
        if (text is not { } open) return;

        (text, finishReason) = (null, e.Reply.FinishReason);
        if (e.Reply.Text.Length == 0) return;

        Announce(open);
        TellText(open, open.From + 1, e.Reply.Text);
        next = open.From + 2 + e.Reply.Text.Length;
        var (id, index, annotations) = (ResponseJson.MessageId(runId, open.Call, open.Attempt), output.Count, ResponseJson.Annotations(e.Reply));
        foreach (var (annotation, position) in annotations.Select((annotation, position) => (annotation, position)))
            Tell("response.output_text.annotation.added", OfPart(id, index, "annotation_index", position, "annotation", annotation.DeepClone()));
        Tell("response.output_text.done", OfPart(id, index, "text", e.Reply.Text, "logprobs", new JsonArray()));
        Tell("response.content_part.done", OfPart(id, index, "part", ResponseJson.TextPart(e.Reply.Text, annotations)));
        Done(ResponseJson.Message(id, "completed", ResponseJson.TextPart(e.Reply.Text, annotations)));
    }

    /// <summary>An attempt whose reply broke off, or never came: it stays as an unfinished message without text, whoever saw some of it.</summary>
    void TellLostReply()
    {
        if (text is not { } open) return;

        text = null;
        Announce(open);
        next = open.From + 2 + LostText;
        Done(ResponseJson.Message(ResponseJson.MessageId(runId, open.Call, open.Attempt), "incomplete", ResponseJson.TextPart("", [])));
    }

    void Announce(OpenText open)
    {
        var id = ResponseJson.MessageId(runId, open.Call, open.Attempt);
        next = open.From;
        Tell("response.output_item.added", new() { ["output_index"] = output.Count, ["item"] = ResponseJson.Message(id, "in_progress", null) });
        Tell("response.content_part.added", OfPart(id, output.Count, "part", ResponseJson.TextPart("", [])));
    }

    /// <param name="from">The number before the piece's first character.</param>
    void TellText(OpenText open, long from, string piece)
    {
        if (part != wanted) return;
        var (sequence, data) = (from + piece.Length, OfPart(ResponseJson.MessageId(runId, open.Call, open.Attempt), output.Count, "delta", piece, "logprobs", new JsonArray()));
        told.Add(ResponseJson.Event(sequence, "response.output_text.delta", data, from));
    }

    void TellTool(ToolCallRequested call, int attempt, string? result, Failure? failed)
    {
        var needed = call.NeedsApproval ? ResponseIds.OfApproval(runId, call.ToolCallId) : null;
        var (begun, done) = (
            ResponseJson.Tool(runId, call, attempt, "in_progress", null, null, needed),
            ResponseJson.Tool(runId, call, attempt, failed is null ? "completed" : "failed", result, failed, needed));
        TellItem(begun, done, ["mcp_call.in_progress", "mcp_call_arguments.done", failed is null ? "mcp_call.completed" : "mcp_call.failed"]);
    }

    /// <param name="done">The item when it is complete; null when it is so from the start.</param>
    void TellItem(JsonObject begun, JsonObject? done, string[] between)
    {
        Tell("response.output_item.added", new() { ["output_index"] = output.Count, ["item"] = begun.DeepClone() });
        foreach (var type in between)
        {
            var data = new JsonObject { ["item_id"] = begun["id"]!.DeepClone(), ["output_index"] = output.Count };
            if (type == "mcp_call_arguments.done") data["arguments"] = begun["arguments"]!.DeepClone();
            Tell("response." + type, data);
        }

        Done(done ?? begun);
    }

    void Done(JsonObject item)
    {
        Tell("response.output_item.done", new() { ["output_index"] = output.Count, ["item"] = item.DeepClone() });
        output.Add(item);
    }

    void End(DateTimeOffset at, string how)
    {
        isTelling = false;
        SetStatus(how);
        if (part != wanted) return;
        if (how is "completed") completedAt = at;
        Tell(how switch { "completed" => "response.completed", "failed" => "response.failed", _ => "response.incomplete" });
    }

    /// <summary>An event that carries the whole response.</summary>
    void Tell(string type)
    {
        if (part == wanted) Tell(type, new() { ["response"] = Response() });
        else next++;
    }

    void Tell(string type, JsonObject data)
    {
        if (part == wanted) told.Add(ResponseJson.Event(next, type, data));
        next++;
    }

    void SetStatus(string now) => status = part == wanted ? now : status;

    void SetFailure(Failure why) => failure = part == wanted ? why : failure;

    void Pay(Usage? used) => usage += used ?? Usage.None;

    /// <summary>Nothing is in flight any more, and every call of the turn was asked for; what is left waits for approvals that this response shows.</summary>
    bool IsStuck() =>
        run.Status is RunStatus.Running && run.ModelCall is null && run.ToolCalls.Count >= requestsInTurn
        && run.ToolCalls.Values.All(call => call.IsSettled() || call.Status is ToolCallStatus.AwaitingApproval)
        && run.ToolCalls.Any(call => call.Value.Status is ToolCallStatus.AwaitingApproval && shown.Contains(call.Key));

    string OutputOf(string step) => run.Outputs.GetValueOrDefault(agent.Steps.Select(one => one.Name).ToList().IndexOf(step), "");

    static JsonObject OfPart(string itemId, int index, string name, JsonNode? value, string? secondName = null, JsonNode? second = null)
    {
        var data = new JsonObject { ["item_id"] = itemId, ["output_index"] = index, ["content_index"] = 0, [name] = value };
        if (secondName is not null) data[secondName] = second;
        return data;
    }

    /// <summary>A reply of the last step that is being made.</summary>
    /// <param name="From">The number of the event that announces it; its text begins two later.</param>
    sealed record OpenText(int Call, int Attempt, long From);
}

/// <summary>How a person answered a tool call that waited for approval.</summary>
public sealed record ApprovalAnswer(string ToolCallId, bool IsApproved, string? Reason);
