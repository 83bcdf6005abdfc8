using System.CommandLine;
using Agents.Domain.Runs;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Ask;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Runs;

/// <summary>Approve and deny: what a person says to a tool call that waits for it.</summary>
public static class ApprovalVerbs
{
    static readonly Argument<string?> ToolCallId = new("call")
    {
        Description = "The tool call's id; may be left out when only one waits.", Arity = ArgumentArity.ZeroOrOne
    };
    static readonly Option<string?> Reason = new("--reason") { Description = "The model is told it.", HelpName = "R" };

    internal static IEnumerable<Command> Create(Verb verb) =>
    [
        verb.Does(
            new("approve", "Lets a tool call run that waits for a person.") { RunArgument.Id, ToolCallId },
            (call, ct) => Run(call, "approve", null, ct)),
        verb.Does(new("deny", "Refuses a tool call that waits for a person.") { RunArgument.Id, ToolCallId, Reason },
            (call, ct) => Run(call, "deny", call.Parsed.GetValue(Reason), ct)),
    ];

    static async Task<int> Run(Call call, string name, string? reason, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var runId = await call.Run(server.Api, ct);
        var waiting = await Waiting(server.Api, runId, call.Parsed.GetValue(ToolCallId), ct);
        var answer = await server.Api.Post($"runs/{runId}/tool-calls/{Uri.EscapeDataString(waiting)}/{name}", new ReasonRequest(reason), ct);
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"Tool call {Screen.Safe(waiting)} of run {RunIds.Brief(runId)}: {(name is "deny" ? "denied" : "approved")}.");
        return await RunFollowing.ShowIfOwn(call, server, runId, answer.As<RunState>().Status, ct);
    }

    /// <summary>The call that was named, else the only one that waits.</summary>
    public static async Task<string> Waiting(Api api, Guid runId, string? named, CancellationToken ct)
    {
        if (named is not null) return named;

        var page = (await api.Get($"runs/{runId}/tool-calls", ct)).As<Page<ToolCallView>>();
        var waiting = page.Items.Where(toolCall => toolCall.Status is ToolCallStatus.AwaitingApproval).ToList();
        return waiting switch
        {
            [var only] => only.Id,
            [] => throw new VerbException(ExitCodes.NothingFound, $"No tool call of run {RunIds.Brief(runId)} waits for approval."),
            _ =>
                throw new VerbException(
                    ExitCodes.Usage, "Several wait, name one: " + string.Join("; ", waiting.Select(one => $"{one.Id} {one.Tool} {one.Arguments}"))),
        };
    }
}
