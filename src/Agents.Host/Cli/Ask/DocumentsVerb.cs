using System.CommandLine;
using System.Text.Json;
using Agents.Host.Cli.Display;
using Agents.Host.Knowledge;

namespace Agents.Host.Cli.Ask;

/// <summary>Looks at the knowledge base, and takes documents out of it.</summary>
static class DocumentsVerb
{
    const int PageSize = 200;

    /// <summary>How many pages are searched for a name.</summary>
    const int MostPages = 500;

    static readonly Argument<string> Name = new("document") { Description = "Its name, or its id." };
    static readonly Option<int> Limit = new("--limit") { Description = "How many, 1 to 200.", HelpName = "N", DefaultValueFactory = _ => 50 };

    public static Command Create(Verb verb) => verb.Lists(
        new("documents", "Lists the documents that are searched, by name.") { Limit }, List,
        verb.Does(new("show", "Shows a document's versions.") { Name }, Show),
        verb.Does(new Command("delete", "Takes a document out of the search; citations of it still resolve.") { Name }.Also("remove"), Delete));

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get($"documents?limit={call.Parsed.GetValue(Limit)}", ct);
        var page = answer.As<DocumentPage>();
        if (call.IsJson) call.Screen.Json(answer);
        else if (page.Items.Count == 0) call.Inform("No document is searched. Read some: agents ingest PATH");
        else
            Table.Print(
                call.Screen, ["*name", "-title", ">version", "->size", ">passages", "-changed"],
                [.. page.Items.Select(one => new[]
                {
                    one.Source, one.Title, Formats.Number(one.Version), Formats.Bytes(one.Bytes), Formats.Number(one.Passages),
                    Formats.Time(one.ChangedAt),
                })]);
        if (page.Next is not null) call.Inform(MorePages.Hint("more", call.Parsed.GetValue(Limit)));
        return ExitCodes.Ok;
    }

    static async Task<int> Show(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get($"documents/{Uri.EscapeDataString(await Find(server.Api, call.Parsed.GetValue(Name)!, ct))}", ct);
        if (call.IsJson)
        {
            call.Screen.Json(answer);
            return ExitCodes.Ok;
        }

        var document = answer.As<DocumentHistory>();
        call.Screen.Line($"[bold]{Screen.Safe(document.Source)}[/]  [grey]{Screen.Safe(document.Id)}[/]");
        call.Screen.Line(document.DeletedAt is { } at ? $"Not searched any more since {Formats.Time(at)}." : "It is searched.");
        Table.Print(
            call.Screen, [">version", "*title", "-type", ">size", ">passages", "read"],
            [.. document.Versions.Select(one => new[]
            {
                Formats.Number(one.Number), one.Title, one.MediaType, Formats.Bytes(one.Bytes), Formats.Number(one.Passages), Formats.Time(one.CreatedAt),
            })]);
        return ExitCodes.Ok;
    }

    static async Task<int> Delete(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        await server.Api.Delete($"documents/{Uri.EscapeDataString(await Find(server.Api, call.Parsed.GetValue(Name)!, ct))}", ct);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { Deleted = call.Parsed.GetValue(Name) }, Answers.Format));
        else call.Screen.Line($"{Screen.Safe(call.Parsed.GetValue(Name))} is not searched any more.");
        return ExitCodes.Ok;
    }

    /// <summary>The id of the document that has this name; a text that is no name is taken for an id.</summary>
    internal static async Task<string> Find(Api api, string name, CancellationToken ct)
    {
        var cursor = "";
        for (var pages = 0; pages < MostPages; pages++)
        {
            var page = (await api.Get($"documents?limit={PageSize}{cursor}", ct)).As<DocumentPage>();
            if (page.Items.FirstOrDefault(one => one.Source == name || one.Id == name) is { } found) return found.Id;
            if (page.Next is not { } next) break;
            cursor = $"&cursor={Uri.EscapeDataString(next)}";
        }

        return name;
    }
}
