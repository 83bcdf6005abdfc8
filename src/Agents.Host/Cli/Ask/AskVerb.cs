using System.CommandLine;
using System.Text.Json;
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

    static readonly Option<string?> Thread = new("--thread")
    {
        Description = "The conversation it belongs to: any name, the id of the run that began it, or last, to go on with the newest run.",
        HelpName = "NAME"
    };
    static readonly Option<string[]> Metadata = new("--metadata")
    {
        Description = "A label of the run; may be given several times.", HelpName = "NAME=VALUE", Arity = ArgumentArity.OneOrMore,
    };
    static readonly Option<string?> Model = new("--model")
    {
        Description = "The model of the steps that name none; the agent's, else the server's, when nothing is said.", HelpName = "M"
    };

    static readonly Option<string?> Schema = new("--schema")
    {
        Description = "File with a JSON Schema that the answer must fit.", HelpName = "FILE"
    };

    public static Command Create(Verb verb)
    {
        var command = new Command("ask", "Answers a question from documents, with citations.")
        {
            Question, Docs, Sources, Agent, Model, Thread, Metadata, Priority, Budget, Schema,
        };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(Metadata)?.FirstOrDefault(label => label.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong)
                parsed.AddError($"'{wrong}' is no label. Write it as NAME=VALUE.");
        });
        return verb.Does(command, Run);
    }

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        var question = call.Parsed.GetValue(Question)!;
        if (question == "-") question = await Console.In.ReadToEndAsync(ct);

        await using var server = await ServerConnection.Open(call, ct);
        if (server.Database is { } database) call.Inform($"Using {database}");
        await AskedDocuments.Read(call, server.Api, call.Parsed.GetValue(Docs), ct);
        var runId = await Queue(call, server.Api, question, ct);
        await RunFollowing.MentionUnfinished(call, server, except: runId, ct);
        return call.IsJson ? await Wait(call, server, runId, ct) : await RunFollowing.Show(call, server, runId, ct);
    }

    static async Task<int> Wait(Call call, ServerConnection server, Guid runId, CancellationToken ct)
    {
        try
        {
            await foreach (var _ in RunFollowing.Until(server.Api, runId, ct)) { }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return RunFollowing.Interrupted(call, server, $"run {RunIds.Brief(runId)}", $"agents tail {RunIds.Brief(runId)}");
        }

        var document = await server.Api.Get($"runs/{runId}", ct);
        call.Screen.Json(document);
        return ExitCodes.Of(document.AsRun());
    }

    static async Task<Guid> Queue(Call call, Api api, string question, CancellationToken ct)
    {
        var priority = call.Parsed.GetValue(Priority);
        object? level = int.TryParse(priority, out var number) ? number : priority;
        var body = new QueueRunRequest(
            call.Parsed.GetValue(Agent), question, level is null ? null : JsonSerializer.SerializeToElement(level),
            LabelsOf(call), call.Parsed.GetValue(Budget), await ThreadOf(call, api, ct),
            Output: await OutputOf(call.Parsed.GetValue(Schema), ct), Model: call.Parsed.GetValue(Model));
        return (await api.Post("runs", body, ct)).As<QueuedRun>().Id;
    }

    static Dictionary<string, string>? LabelsOf(Call call)
    {
        var labels = new Dictionary<string, string>();
        foreach (var label in call.Parsed.GetValue(Metadata) ?? [])
            if (label.Split('=', 2) is [var name, var value]) labels[name] = value;
        if (call.Parsed.GetValue(Sources) is { } sources) labels[SourcesLabel] = sources;
        return labels.Count > 0 ? labels : null;
    }

    /// <summary>A thread's name as it is; <c>last</c> is the newest run, whose thread it goes on with or begins.</summary>
    static async Task<string?> ThreadOf(Call call, Api api, CancellationToken ct)
    {
        if (call.Parsed.GetValue(Thread) is not "last") return call.Parsed.GetValue(Thread);

        var run = (await api.Get($"runs/{await api.Find("last", ct)}", ct)).AsRun();
        return run.ThreadId ?? run.Id.ToString();
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
