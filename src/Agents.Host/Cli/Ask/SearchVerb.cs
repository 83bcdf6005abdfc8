using System.CommandLine;
using Agents.Domain.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Ask;

/// <summary>Shows what the agents would find.</summary>
static class SearchVerb
{
    /// <summary>Of a passage's text, in lines of the screen.</summary>
    const int LinesShown = 2;

    static readonly Argument<string> Query = new("query") { Description = "What to look for, in quotes." };
    static readonly Option<int> Limit = new("--limit") { Description = "How many passages, 1 to 50.", HelpName = "N", DefaultValueFactory = _ => 5 };

    static readonly Option<string?> Sources = new("--sources") { Description = "Only documents whose name begins with this.", HelpName = "PREFIX" };

    public static Command Create(Verb verb) =>
        verb.Does(new("search", "Finds passages in the knowledge base, best first.") { Query, Sources, Limit }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var query = $"search?q={Uri.EscapeDataString(call.Parsed.GetValue(Query)!)}&limit={call.Parsed.GetValue(Limit)}";
        if (call.Parsed.GetValue(Sources) is { } sources) query += $"&sources={Uri.EscapeDataString(sources)}";

        var answer = await server.Api.Get(query, ct);
        var found = answer.As<Page<Passage>>().Items;
        if (call.IsJson) call.Screen.Json(answer);
        else if (found.Count == 0) call.Screen.Error("Nothing matches. Read documents with: agents ingest PATH");
        else foreach (var (number, passage) in found.Index()) Print(call.Screen, number + 1, passage);
        return found.Count == 0 ? ExitCodes.NothingFound : ExitCodes.Ok;
    }

    static void Print(Screen screen, int number, Passage passage)
    {
        screen.Line($"[aqua]{number}[/] {Screen.Safe(passage.Source)} › {Screen.Safe(passage.Title)}");
        screen.Line($"  [grey]{Screen.Safe(Screen.Clip(passage.Text, (screen.Width - 3) * LinesShown))}[/]");
    }
}
