using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>What people ask of a run: anything at all while there is trouble, what helps it on when trouble is over.</summary>
static class People
{
    const string Nothing = "none";

    public static Func<Run, AgentDefinition, Decision> Anything(Random random)
    {
        var pick = random.Next();
        return random.Next(12) switch
        {
            < 3 => (run, agent) => RunDecider.Decide(run, agent, new PauseRun("ada", "look")),
            < 6 => (run, agent) => RunDecider.Decide(run, agent, new ResumeRun("ada", "go on")),
            < 9 => (run, agent) => RunDecider.Decide(run, agent, new ApproveToolCall(AnyToolCall(run, pick), "ada")),
            < 11 => (run, agent) => RunDecider.Decide(run, agent, new DenyToolCall(AnyToolCall(run, pick), "ada", "no")),
            _ => (run, agent) => RunDecider.Decide(run, agent, new CancelRun("ada", "enough")),
        };
    }

    public static Func<Run, AgentDefinition, Decision> Help(Run run) => run.Status is RunStatus.Running
        ? (now, agent) => RunDecider.Decide(now, agent, new ApproveToolCall(AwaitingApproval(now), "ada"))
        : (now, agent) => RunDecider.Decide(now, agent, new ResumeRun("ada", "go on"));

    /// <summary>Paused, parked, or waiting for nothing but an approval.</summary>
    public static bool AreNeeded(Run run) => run.Status is RunStatus.Paused or RunStatus.Parked
        || run.Status is RunStatus.Running && AwaitingApproval(run) != Nothing && !Work.OwedBy(run).Any();

    static string AnyToolCall(Run run, int pick) => run.ToolCalls.Count > 0 ? run.ToolCalls.Keys.ElementAt(pick % run.ToolCalls.Count) : Nothing;

    static string AwaitingApproval(Run run) =>
        run.ToolCalls.FirstOrDefault(call => call.Value.Status is ToolCallStatus.AwaitingApproval).Key ?? Nothing;
}
