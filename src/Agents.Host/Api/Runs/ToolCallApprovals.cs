using Agents.Domain.Runs;

namespace Agents.Host.Api.Runs;

static class ToolCallApprovals
{
    public const string Wanted = "waiting for the approval of this tool call";

    public static bool IsAwaited(Run run, string callId) =>
        !run.IsFinished() && run.ToolCalls.GetValueOrDefault(callId)?.Status is ToolCallStatus.AwaitingApproval;
}
