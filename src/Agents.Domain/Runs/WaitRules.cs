using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>The rules of waits, and of the signals that end them.</summary>
/// <remarks>
/// A run that stands still begins and ends no wait. What is overdue when it goes on, by its time or by a signal that came meanwhile, ends then.
/// </remarks>
static class WaitRules
{
    const int ShownCharacters = 60;

    /// <summary>Begins the wait of the step under way. A signal that is kept for it ends it at once.</summary>
    public static Decision Begin(Decision decision, WaitStep step)
    {
        DateTimeOffset? until = null;
        if (step.Until is { } source)
        {
            var text = $"{ArgumentBinding.ValueOf(source, decision.Run.Sources(decision.Agent))}";
            until = WaitSteps.Time(text);
            if (until is null) return decision.Add(new RunFailed(Unreadable(step, text)));
        }

        return GoOn(decision.Add(new WaitStarted(decision.Run.Waits + 1, decision.Run.Step, step.Signal, until, step.For)));
    }

    /// <summary>Ends the wait under way if its signal is kept.</summary>
    public static Decision GoOn(Decision decision) =>
        decision.Run is { Status: RunStatus.Running, Wait.Signal: { } name } run && run.Signals?.First(name) is { } kept
            ? End(decision, WaitEnd.Signal, kept.Payload)
            : decision;

    /// <summary>The time of a wait has come. If that wait is over, nothing follows, even when another one is under way.</summary>
    public static Decision End(Run run, AgentDefinition agent, EndWait command)
    {
        var isDue = run is { Status: RunStatus.Running, Wait: { } wait } && wait.Wait == command.Wait && wait.HasTime();
        return isDue ? End(Decision.On(run, agent), WaitEnd.Time, payload: "") : Decision.On(run, agent);
    }

    public static Decision Receive(Run run, AgentDefinition agent, SendSignal command)
    {
        var decision = Decision.On(run, agent);
        if (run.IsFinished() || (command.SignalId is { } id && run.Signals?.Known(id) is not null) || RefusalOf(run, command) is not null) return decision;

        return GoOn(decision.Add(new SignalReceived(command.Name, command.Payload, command.SignalId, command.By, command.ByKey)));
    }

    /// <summary>Why the run does not take the signal, for whoever sends it. Null when it does.</summary>
    public static string? RefusalOf(Run run, SendSignal command)
    {
        var signals = run.Signals ?? ReceivedSignals.None;
        if (signals.Count >= SignalBounds.MostReceived)
            return FormattableString.Invariant($"The run has taken {SignalBounds.MostReceived:N0} signals, and takes no more.");
        if (run.Awaits(command.Name)) return null;

        if (signals.Kept.Count >= SignalBounds.MostKept)
            return $"The run keeps {SignalBounds.MostKept} signals that no wait has used; it takes more when a wait has used one.";
        var bytes = signals.Kept.Sum(kept => kept.Bytes()) + new KeptSignal(command.Name, command.Payload).Bytes();
        return bytes > SignalBounds.KeptBytes
            ? $"The signals that the run keeps would have {bytes / 1024} KiB, and may have {SignalBounds.KeptBytes / 1024}; it takes more when a wait has used one."
            : null;
    }

    /// <summary>The signal's payload is the step's output; a wait that ends by its time has none.</summary>
    static Decision End(Decision decision, WaitEnd by, string payload)
    {
        decision.Add(new WaitEnded(decision.Run.Wait!.Wait, decision.Run.Step, by, payload));
        return RunDecider.Finish(decision, payload, decision.Run.Answer?.Citations ?? [], incomplete: null);
    }

    static Failure Unreadable(WaitStep step, string text) => new(
        FailureKind.BadArguments,
        $"Step {step.Name} is to wait until \"{Sanitiser.Text(text, ShownCharacters)}\", which is no time with an offset, such as {WaitSteps.Example}.");
}
