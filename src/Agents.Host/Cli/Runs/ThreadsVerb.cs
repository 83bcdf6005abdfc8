using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Runs;

/// <summary>Looks at conversations.</summary>
static class ThreadsVerb
{
    static readonly Argument<string> Name = new("thread") { Description = "Its name, or the id of the run that began it." };
    static readonly Option<int> Limit = new("--limit") { Description = "How many, 1 to 200.", HelpName = "N", DefaultValueFactory = _ => 20 };

    public static Command Create(Verb verb) => verb.Lists(
        new("threads", "Lists conversations, by their latest run.") { Limit }, List,
        verb.Does(new("show", "Shows what was said in a conversation, oldest first.") { Name, Limit }, Show));

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get($"threads?limit={call.Parsed.GetValue(Limit)}", ct);
        var page = answer.As<Page<ThreadView>>();
        if (call.IsJson) call.Screen.Json(answer);
        else if (page.Items.Count == 0) call.Inform("There are no threads yet. Begin one: agents ask \"question\" --thread NAME");
        else
            Table.Print(
                call.Screen, ["thread", ">runs", "last run", "-status", "-asked", "*last question"],
                [.. page.Items.Select(one => new[]
                {
                    one.ThreadId, Formats.Number(one.Runs), RunIds.Brief(one.LastRun), one.LastStatus, Formats.Time(one.LastAt), one.LastQuestion,
                })]);
        if (page.Next is not null) call.Inform(MorePages.Hint("older ones", call.Parsed.GetValue(Limit)));
        return ExitCodes.Ok;
    }

    static async Task<int> Show(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get(
            $"threads/{Uri.EscapeDataString(call.Parsed.GetValue(Name)!)}?limit={call.Parsed.GetValue(Limit)}", ct);
        if (call.IsJson)
        {
            call.Screen.Json(answer);
            return ExitCodes.Ok;
        }

        var page = answer.As<Page<RunView>>();
        foreach (var run in page.Items)
        {
            call.Screen.Line($"[bold]{Screen.Safe(run.Question)}[/]");
            if (run.Answer is { } said) Outcome.Answer(call.Screen, said, []);
            call.Screen.Line($"[grey]{Marks.Of(run.Status)} {run.Status} · {Formats.Time(run.QueuedAt)} · agents show {RunIds.Brief(run.Id)}[/]");
            call.Screen.Line();
        }

        if (page.Next is not null) call.Inform(MorePages.Hint("later ones", call.Parsed.GetValue(Limit)));
        return ExitCodes.Ok;
    }
}
