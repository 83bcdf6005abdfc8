using System.CommandLine;
using System.Text.Json;
using Agents.Host.Api.Catalog;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Runs;
using Agents.Host.Engine.Requests;

namespace Agents.Host.Cli.Ask;

/// <summary>A question in, a cited answer out.</summary>
static class AskVerb
{
    /// <summary>The label by which an agent keeps its search to some documents.</summary>
    const string SourcesLabel = "sources";

    static readonly Argument<string> Question = new("question") { Description = "What to answer, in quotes; - reads it from stdin." };
    static readonly Option<string?> Docs = new("--docs")
    {
        Description = "File or folder to read first; files read before are read again only if they changed.", HelpName = "PATH"
    };
    static readonly Option<string?> Sources = new("--sources")
    {
        Description = "Searches only documents whose name begins with this.", HelpName = "PREFIX"
    };
    static readonly Option<string> Agent = new("--agent")
    {
        Description = "Which agent answers.", HelpName = "NAME", DefaultValueFactory = _ => "research"
    };
    static readonly Option<string?> Priority = new("--priority") { Description = "0 to 9, or low, normal, high, urgent.", HelpName = "P" };
    static readonly Option<decimal?> Budget = new("--budget") { Description = "US dollars the run may spend.", HelpName = "USD" };

    static readonly Option<string?> Schema = new("--schema")
    {
        Description = "File with a JSON Schema that the answer must fit.", HelpName = "FILE"
    };

    public static Command Create(Verb verb) =>
        verb.Does(new("ask", "Answers a question from documents, with citations.") { Question, Docs, Sources, Agent, Priority, Budget, Schema }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        var question = call.Parsed.GetValue(Question)!;
        if (question == "-") question = await Console.In.ReadToEndAsync(ct);

        await using var server = await ServerConnection.Open(call, ct);
        if (server.Database is { } database) call.Inform($"Using {database}");
        await AskedDocuments.Read(call, server.Api, call.Parsed.GetValue(Docs), ct);
        var runId = await Queue(call, server.Api, question, ct);
        try
        {
            await RunFollowing.MentionUnfinished(call, server, except: runId, ct);
            return await Follow(call, server.Api, runId, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            call.Screen.Inform(server.IsOwn
                ? $"The run goes on with the next start: agents tail {RunIds.Brief(runId)}"
                : $"The run goes on: agents tail {RunIds.Brief(runId)}");
            return ExitCodes.Interrupted;
        }
    }

    static async Task<int> Follow(Call call, Api api, Guid runId, CancellationToken ct)
    {
        if (call.IsJson)
        {
            await foreach (var _ in RunFollowing.Until(api, runId, ct)) { }
            var document = await api.Get($"runs/{runId}", ct);
            call.Screen.Json(document);
            return ExitCodes.Of(document.AsRun());
        }

        var agent = await api.Get($"agents/{Uri.EscapeDataString(call.Parsed.GetValue(Agent)!)}", ct);
        var steps = agent.GetProperty("steps").As<IReadOnlyList<StepView>>(); // its limits may have an amount that the caller may not see
        var run = await RunFollowing.Show(call, api, runId, new(steps.Select(step => step.Name)), ct);
        Outcome.Print(call.Screen, run);
        return ExitCodes.Of(run);
    }

    static async Task<Guid> Queue(Call call, Api api, string question, CancellationToken ct)
    {
        var priority = call.Parsed.GetValue(Priority);
        object? level = int.TryParse(priority, out var number) ? number : priority;
        var body = new QueueRunRequest(
            call.Parsed.GetValue(Agent), question, level is null ? null : JsonSerializer.SerializeToElement(level),
            call.Parsed.GetValue(Sources) is { } sources ? new Dictionary<string, string> { [SourcesLabel] = sources } : null,
            call.Parsed.GetValue(Budget), Output: await OutputOf(call.Parsed.GetValue(Schema), ct));
        return (await api.Post("runs", body, ct)).As<QueuedRun>().Id;
    }

    static async Task<WantedOutput?> OutputOf(string? path, CancellationToken ct)
    {
        if (path is null) return null;
        if (!File.Exists(path)) throw new VerbException(ExitCodes.Usage, $"There is no file {path}.");

        try
        {
            return new(JsonElement.Parse(await File.ReadAllTextAsync(path, ct)));
        }
        catch (JsonException malformed)
        {
            throw new VerbException(ExitCodes.Usage, $"{path} is no JSON: {malformed.Message}", malformed);
        }
    }
}
