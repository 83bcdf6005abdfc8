using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Runs;

/// <summary>Shows a run as it was after one of its facts: where it stood, what it had cost, and what its model would have been told.</summary>
static class PastRunDisplay
{
    /// <summary>The longest message shown; <c>--json</c> has the whole.</summary>
    const int MessageCharacters = 400;

    public static void Print(Screen screen, StateView state)
    {
        screen.Line($"[bold]{Screen.Safe(state.Question)}[/]");
        screen.Line($"[grey]version {state.Version} of {state.LastVersion} · {Screen.Safe(state.Type)} · {Formats.Time(state.At)}[/]");
        screen.Line($"{state.Status} · {(state.StepName is { } step ? $"step {state.Step + 1} {Screen.Safe(step)}{(state.IsInStep ? "" : ", done")}" : "no step yet")}"
            + $" · {Formats.Count(state.ModelCalls, "model call")} · {Formats.Cost(state.CostUsd, state.UnpricedCalls, state.UnconfirmedUsd)}");
        if (state.ModelCall is { } call)
            screen.Line($"call {call.Call} attempt {call.Attempt} is {Word(call.Status)}{(call.Worker is { } worker ? $" on {Screen.Safe(worker)}" : "")}");
        foreach (var tool in state.ToolCalls)
            screen.Line($"{Screen.Safe(tool.Tool)} ({Screen.Safe(tool.Id)}) is {Word(tool.Status)}");
        foreach (var message in state.Messages)
        {
            screen.Line();
            screen.Line($"[bold]{Screen.Safe(message.Role)}[/]");
            if (message.Text.Length > 0) screen.Line(Screen.Safe(Screen.Clip(message.Text, MessageCharacters)));
            foreach (var asked in message.ToolCalls ?? []) screen.Line(Screen.Safe($"asks for {asked.Tool} ({asked.ToolCallId})"));
        }
    }

    static string Word<T>(T status) where T : struct, Enum =>
        status is ToolCallStatus.AwaitingApproval ? "waiting for approval" : status.ToString().ToLowerInvariant();
}
