using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Runs;

/// <summary>Shows what a model was sent for a call, and proves it by the hash that was stored before it was sent.</summary>
static class PromptVerb
{
    static readonly Argument<int> Number = new("call") { Description = "The model call, from 1." };
    static readonly Option<int> Attempt = new("--attempt")
    {
        Description = "The attempt, from 1.", HelpName = "N", DefaultValueFactory = _ => 1,
    };

    public static Command Create(Verb verb) =>
        verb.Does(new("prompt", "Shows what a model was sent for a call, and proves it.") { RunArgument.Id, Number, Attempt }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var runId = await call.Run(server.Api, ct);
        var answer = await server.Api.Get(
            $"runs/{runId}/calls/{call.Parsed.GetValue(Number)}/prompt?attempt={call.Parsed.GetValue(Attempt)}", ct);
        var prompt = answer.As<PromptView>();
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call.Screen, prompt);
        return prompt.IsAsSent ? ExitCodes.Ok : ExitCodes.Failed;
    }

    static void Print(Screen screen, PromptView prompt)
    {
        var tools = prompt.Tools.Count > 0 ? $" · tools {string.Join(", ", prompt.Tools)}" : "";
        screen.Line($"[bold]{Screen.Safe(prompt.Model)}[/] [grey]call {prompt.Call} attempt {prompt.Attempt} · version {prompt.Version} · "
            + $"{Formats.Time(prompt.At)} · at most {prompt.MaxOutputTokens} tokens of reply{Screen.Safe(tools)}[/]");
        foreach (var message in prompt.Messages)
        {
            screen.Line();
            screen.Line($"[bold]{Screen.Safe(message.Role)}{(message.ToolCallId is { } id ? $" {Screen.Safe(id)}" : "")}[/]");
            if (message.Text.Length > 0) screen.Line(Screen.Safe(message.Text));
            foreach (var asked in message.ToolCalls ?? [])
                screen.Line(Screen.Safe($"{asked.Tool} {System.Text.Json.JsonSerializer.Serialize(asked.Arguments)} ({asked.ToolCallId})"));
        }

        screen.Line();
        screen.Line(prompt.IsAsSent
            ? $"[green]as it was sent[/] [grey]SHA-256 {prompt.RequestHash}[/]"
            : $"[red]not as it was sent[/]  the facts make {prompt.RequestHash}, and {Screen.Safe(prompt.StoredHash)} was stored before it was sent");
    }
}
