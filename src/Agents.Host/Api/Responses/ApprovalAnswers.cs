using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Http;

namespace Agents.Host.Api.Responses;

/// <summary>Answers tool calls that wait for approval, all that the run waits for at once. What follows is the run's next response.</summary>
public sealed class ApprovalAnswers(RunTransactions transactions, IDefinitions definitions, ResponseReader responses)
{
    const string NotAsked = "No approval is asked for under this id.";

    /// <returns>The response that the answers began; the one they began before, when they come again.</returns>
    public async Task<(Guid RunId, int Part, OpenAIRefusal? Refusal)> Give(IReadOnlyList<GivenAnswer> given, Caller caller, CancellationToken ct)
    {
        var runId = given[0].RunId;
        if (given.Any(answer => answer.RunId != runId)) return Refuse("Answer the approvals of one response at a time.");
        if (await responses.IsDeleted(caller.Tenant, runId, ct)) return Refuse(NotAsked);

        await using var transaction = transactions.Begin(caller.Tenant);
        OpenAIRefusal? refusal = null;
        var decision = await transaction.Decide(runId, definitions, (run, agent) =>
        {
            var answers = Decision.On(run, agent);
            var awaited = run.IsFinished()
                ? [] : run.ToolCalls.Where(call => call.Value.Status is ToolCallStatus.AwaitingApproval).Select(call => call.Key).ToList();
            var fitting = given.Where(answer => awaited.Contains(answer.ToolCallId)).ToList();
            if (fitting.Count > 0 && awaited.Except(fitting.Select(answer => answer.ToolCallId)).ToList() is { Count: > 0 } missing)
                refusal = Invalid(
                    $"Answer all approvals together; missing: {string.Join(", ", missing.Select(id => ResponseIds.OfApproval(runId, id)))}.");
            else
                foreach (var answer in fitting) answers.Then((after, _) => Decide(after, agent, answer, caller));
            return answers;
        }, ct);
        if (decision is null) return Refuse(NotAsked);
        if (refusal is not null) return (default, 1, refusal);

        await transaction.Commit(ct);
        return await BegunBy(given, caller, ct);
    }

    static Decision Decide(Run run, AgentDefinition agent, GivenAnswer answer, Caller by) => answer.IsApproved
        ? RunDecider.Decide(run, agent, new ApproveToolCall(answer.ToolCallId, by.Name, by.KeyId))
        : RunDecider.Decide(run, agent, new DenyToolCall(answer.ToolCallId, by.Name, answer.Reason, by.KeyId));

    /// <summary>The response that began when these approvals were answered. They cannot be answered otherwise a second time.</summary>
    async Task<(Guid, int, OpenAIRefusal?)> BegunBy(IReadOnlyList<GivenAnswer> given, Caller caller, CancellationToken ct)
    {
        var runId = given[0].RunId;
        var story = (await responses.Read(caller.Tenant, runId, ResponseReader.AllParts, default, ct))!;
        var part = 1;
        foreach (var answer in given)
        {
            if (story.AnswerOf(answer.ToolCallId) is not { } answered) return Refuse(NotAsked);
            if (answered.IsApproved != answer.IsApproved)
                return (runId, 1, new(409, "This approval was answered before, and otherwise.", "input", "approval_answered"));
            part = Math.Max(part, answered.Part);
        }

        return (runId, Math.Min(part, story.Part), null);
    }

    static (Guid, int, OpenAIRefusal?) Refuse(string message) => (default, 1, Invalid(message));

    static OpenAIRefusal Invalid(string message) => new(400, message, "input", "invalid_value");
}
