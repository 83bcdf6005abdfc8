using System.Text.Json;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Http;

namespace Agents.Crash.Tests.Simulation;

/// <summary>What people ask of runs: anything at all while there is trouble, what helps them on when trouble is over.</summary>
static class People
{
    const string Nothing = "none";

    public static Func<Run, AgentDefinition, Decision> Anything(Random random, EventLog of)
    {
        var pick = random.Next();
        if (of.Run.CallsInDoubt().FirstOrDefault() is { } doubtful && pick % 3 > 0) return Resolve(of, doubtful, pick);
        if (pick % 2 == 0 && of.Agent.Steps.Any(step => step is WaitStep)) return Signal(pick / 2);

        return random.Next(12) switch
        {
            < 3 => (run, agent) => RunDecider.Decide(run, agent, new PauseRun("ada", "look")),
            < 6 => (run, agent) => RunDecider.Decide(run, agent, new ResumeRun("ada", "go on")),
            < 9 => (run, agent) => RunDecider.Decide(run, agent, new ApproveToolCall(AnyToolCall(run, pick), "ada")),
            < 11 => (run, agent) => RunDecider.Decide(run, agent, new DenyToolCall(AnyToolCall(run, pick), "ada", "no")),
            _ => (run, agent) => RunDecider.Decide(run, agent, new CancelRun("ada", "enough")),
        };
    }

    /// <summary>A person looks whether the call had its effect, and says so; one that had none is made again, or not.</summary>
    static Func<Run, AgentDefinition, Decision> Resolve(EventLog log, string toolCallId, int pick) => (run, agent) =>
    {
        var (result, failed) = log.Checks.HadEffect(toolCallId) ? ("done", null) : pick % 2 == 0 ? (null, "never done") : ((string?)null, (string?)null);
        return RunDecider.Decide(run, agent, new ResolveToolCall(toolCallId, result, failed, "ada", "looked"));
    };

    public static Func<Run, AgentDefinition, Decision> Help(EventLog log) => log.Run switch
    {
        { Status: RunStatus.Running, Wait.Signal: { } signal } =>
            (now, agent) => RunDecider.Decide(now, agent, new SendSignal(signal, $"at last, {log.Version}", null, "ada")),
        { Status: RunStatus.Running } => (now, agent) => RunDecider.Decide(now, agent, new ApproveToolCall(AwaitingApproval(now), "ada")),
        { AwaitsBudget.Budget.Scope: BudgetScope.Run } =>
            (now, agent) => RunDecider.Decide(now, agent, new ChangeRunBudget(now.CommittedUsd() + 0.5m, "ada", "go on")),
        _ => (now, agent) => RunDecider.Decide(now, agent, new ResumeRun("ada", "go on")),
    };

    /// <summary>Continues a run in another one, as late as can be or from somewhere in its history.</summary>
    public static async Task Fork(SimulatedProcess process, EventLog log, int pick)
    {
        var transaction = new SimulatedTransaction(process, isOwn: false);
        var version = pick % 3 == 0 ? (long?)null : 1 + pick % log.Version;
        var forked = await process.Engine.Forks.Fork(
            transaction, log.Id, new(version, BudgetUsd: pick % 5 == 0 ? 0.05m : null, Priority: default(JsonElement?)), new Caller(World.Tenant, "ada", null), null, null, default);
        if (transaction.HasAnything) await transaction.Commit(default);
        if (forked.Refusal is null) process.World.Tally.Forks++;
    }

    /// <summary>One that is awaited sooner or later, or never; often with an id, and so a second time.</summary>
    static Func<Run, AgentDefinition, Decision> Signal(int pick)
    {
        var name = (pick % 4) switch { 0 or 1 => "go", 2 => "signed", _ => "stray" };
        var command = new SendSignal(name, $"word {pick}", pick % 3 == 0 ? null : $"id {pick % 5}", "ada");
        return (run, agent) => RunDecider.Decide(run, agent, command);
    }

    /// <summary>Paused, parked, or waiting for nothing but an approval or a signal.</summary>
    public static bool AreNeeded(Run run) => run.Status is RunStatus.Paused || run.Status is RunStatus.Parked
        || run.Status is RunStatus.Running && run.Wait is { } wait && !wait.HasTime()
        || run.Status is RunStatus.Running && AwaitingApproval(run) != Nothing && !Work.OwedBy(run).Any();

    static string AnyToolCall(Run run, int pick) => run.ToolCalls.Count > 0 ? run.ToolCalls.Keys.ElementAt(pick % run.ToolCalls.Count) : Nothing;

    static string AwaitingApproval(Run run) =>
        run.ToolCalls.FirstOrDefault(call => call.Value.Status is ToolCallStatus.AwaitingApproval).Key ?? Nothing;
}
