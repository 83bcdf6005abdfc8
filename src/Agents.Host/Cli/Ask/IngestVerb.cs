using System.CommandLine;
using System.Text.Json;
using Agents.Host.Cli.Display;
using Agents.Host.Knowledge;

namespace Agents.Host.Cli.Ask;

/// <summary>Reads documents into the knowledge base.</summary>
static class IngestVerb
{
    static readonly Argument<string[]> Paths = new("path")
    {
        Description = "Files and folders: Markdown, HTML, text, PDF.", Arity = ArgumentArity.OneOrMore
    };

    public static Command Create(Verb verb) => verb.Does(new("ingest", "Reads files and folders into the knowledge base.") { Paths }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var documents = new List<IngestedDocument>();
        foreach (var path in call.Parsed.GetValue(Paths)!)
            documents.AddRange((await UploadDisplay.Send(call, server.Api, path, label: null, ct)).Documents);

        var result = new IngestResult(documents);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { Items = documents, Next = (string?)null }, Answers.Format));
        else Print(call.Screen, result);
        return documents.Count > 0 && documents.All(document => document.Outcome == IngestOutcome.Skipped) ? ExitCodes.NothingFound : ExitCodes.Ok;
    }

    static void Print(Screen screen, IngestResult result)
    {
        screen.Line(Screen.Safe(DocumentUpload.Summary(result)) + $" · {Formats.Count(result.Passages(), "passage")}");
    }
}
