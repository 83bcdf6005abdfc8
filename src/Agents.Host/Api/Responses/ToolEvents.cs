using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Api.Responses;

/// <summary>The items of tool calls, retrievals and approvals, and whether a run waits for nothing but approvals.</summary>
/// <param name="agent">The definition that the run obeys.</param>
sealed class ToolEvents(Guid runId, AgentDefinition agent, Include include, ResponseEvents events)
{
    readonly Dictionary<string, ToolCallRequested> requested = new(StringComparer.Ordinal);
    readonly Dictionary<string, PassagesRetrieved> found = new(StringComparer.Ordinal);
    readonly HashSet<string> shown = new(StringComparer.Ordinal);
    int requestsInTurn;

    /// <summary>Takes notice of a fact, whether the response shows it or not.</summary>
    /// <param name="run">The run as the fact leaves it.</param>
    public void Remember(Run run, RunEvent happened)
    {
        switch (happened)
        {
            case StateInherited e: requestsInTurn = e.ToolCalls.Count; break;
            case ModelCallCompleted e: requestsInTurn = e.Reply.ToolRequests.Count; break;
            case StepStarted e when agent.Steps[e.Step] is ToolStep { ForEach: null } tool:
                requestsInTurn = ArgumentBinding.CallsOf(tool, run.Sources(agent), agent.Limits.ToolCallsPerTurn);
                break;
            case ToolCallRequested e: requested[e.ToolCallId] = e; break;
            case PassagesRetrieved e: found[e.ToolCallId] = e; break;
        }
    }

    /// <summary>A response begins in which no approval is shown yet.</summary>
    public void Begin() => shown.Clear();

    /// <summary>The approvals that the run waits for.</summary>
    public void AddApprovals(Run run)
    {
        foreach (var (id, _) in run.ToolCalls.Where(call => call.Value.Status is ToolCallStatus.AwaitingApproval)) AddApproval(requested[id]);
    }

    /// <summary>Nothing is added for a fact that is about no tool call.</summary>
    public void Add(RunEvent happened)
    {
        switch (happened)
        {
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
            case ToolCallResolved { Result: { } result } e:
                AddTool(requested[e.ToolCallId], e.Attempt, result, null);
                break;
        }
    }

    /// <summary>
    /// Nothing is in flight any more, and every call of the turn was asked for; what is left waits for approvals that this response shows.
    /// </summary>
    public bool AreStuck(Run run) =>
        run.Status is RunStatus.Running && run.ModelCall is null
        && run.ToolCalls.Values.All(call => call.IsSettled() || call.Status is ToolCallStatus.AwaitingApproval)
        && run.ToolCalls.Any(call => call.Value.Status is ToolCallStatus.AwaitingApproval && shown.Contains(call.Key))
        && IsAllRequested(run);

    /// <summary>Of a list, calls are requested one by one, in the transaction that makes room for them.</summary>
    bool IsAllRequested(Run run) => agent.Steps[run.Step] is ToolStep { ForEach: not null }
        ? RunDecider.IsAtRest(run, agent)
        : run.ToolCalls.Count >= requestsInTurn;

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
}
