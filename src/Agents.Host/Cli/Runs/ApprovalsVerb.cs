using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Runs;

/// <summary>Lists the tool calls of all runs that wait for a person.</summary>
static class ApprovalsVerb
{
    static readonly Option<int> Limit = new("--limit") { Description = "Of how many runs, 1 to 200.", HelpName = "N", DefaultValueFactory = _ => 50 };

    public static Command Create(Verb verb) =>
        verb.Does(new("approvals", "Lists the tool calls of all runs that wait for a person, the oldest first.") { Limit }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get($"approvals?limit={call.Parsed.GetValue(Limit)}", ct);
        if (call.IsJson)
        {
            call.Screen.Json(answer);
            return ExitCodes.Ok;
        }

        var page = answer.As<Page<ApprovalView>>();
        if (page.Items.Count == 0) call.Inform("No tool call waits for a person. A tool waits for one where its agent says approval: true.");
        else
        {
            Table.Print(call.Screen, ["run", "call", "tool", "-agent", "-since", "-until", "*arguments"], [.. page.Items.Select(Row)]);
            var first = page.Items[0];
            var named = $"{RunIds.Brief(first.RunId)} {first.ToolCallId}";
            call.Inform($"Answer one: agents approve {named}, or: agents deny {named} --reason R");
        }

        if (page.Next is not null) call.Inform(MorePages.Hint("more", call.Parsed.GetValue(Limit)));
        return ExitCodes.Ok;
    }

    static string[] Row(ApprovalView waiting) =>
    [
        RunIds.Brief(waiting.RunId), waiting.ToolCallId, waiting.Tool, waiting.Agent, Formats.Time(waiting.Since),
        waiting.Until is { } until ? Formats.Time(until) : "", Screen.Clip(waiting.Arguments, 200),
    ];
}
