using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Api.Responses;

/// <summary>The events of steps, waits and signals, which only readers are shown that ask for them.</summary>
static class StepEvents
{
    /// <summary>Nothing is added for a fact of another kind.</summary>
    /// <param name="at">The time of the fact.</param>
    public static void Add(ResponseEvents events, AgentDefinition agent, DateTimeOffset at, RunEvent happened)
    {
        switch (happened)
        {
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
        }
    }

    static string ReasonOf(SkipReason reason) => reason is SkipReason.Condition ? "condition" : "visits";
}
