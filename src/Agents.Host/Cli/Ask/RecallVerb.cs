using System.CommandLine;
using System.Text.Json;
using Agents.Host.Api.Knowledge;
using Agents.Host.Api.WhatIfs;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Http;
using Agents.Host.Knowledge;

namespace Agents.Host.Cli.Ask;

/// <summary>Withdraws a version of a document, names the answers that rest on it, and asks them again if that is wanted.</summary>
static class RecallVerb
{
    static readonly Argument<string> Document = new("document") { Description = "Its name, or its id; see: agents documents" };
    static readonly Option<int> Version = new("--version") { Description = "The version, from 1.", HelpName = "N", Required = true };
    static readonly Option<string?> Reason = new("--reason") { Description = "Kept with the recall.", HelpName = "R" };
    static readonly Option<bool> AskAgain = new("--ask-again") { Description = "Asks the questions again whose answers rest on it." };
    static readonly Option<decimal?> Budget = new("--budget") { Description = "US dollars that asking again may spend.", HelpName = "USD" };

    public static Command Create(Verb verb)
    {
        var command = new Command("recall", "Withdraws a version of a document and names the answers that rest on it.")
        {
            Document, Version, Reason, AskAgain, Budget,
        };
        command.Validators.Add(parsed =>
        {
            if (parsed.GetValue(AskAgain) && parsed.GetValue(Budget) is null) parsed.AddError("--ask-again needs --budget USD.");
            else if (!parsed.GetValue(AskAgain) && parsed.GetValue(Budget) is not null) parsed.AddError("--budget goes with --ask-again.");
        });
        return verb.Does(command, Run);
    }

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: call.Parsed.GetValue(AskAgain));
        var document = Uri.EscapeDataString(await DocumentsVerb.Find(server.Api, call.Parsed.GetValue(Document)!, ct));
        var version = call.Parsed.GetValue(Version);
        var recall = await server.Api.Post($"documents/{document}/recall", new RecallRequest(version, call.Parsed.GetValue(Reason)), ct);
        var affected = await Affected(server.Api, document, version, ct);
        if (call.IsJson && !call.Parsed.GetValue(AskAgain))
            call.Screen.Json(JsonSerializer.SerializeToElement(new { recall, Items = affected, Next = (string?)null }, Answers.Format));
        else Print(call, recall.As<RecalledVersion>(), affected);
        return call.Parsed.GetValue(AskAgain) ? await Again(call, server.Api, document, version, affected, ct) : ExitCodes.Ok;
    }

    static async Task<IReadOnlyList<CitingAnswer>> Affected(Api api, string document, int version, CancellationToken ct)
    {
        var answers = new List<CitingAnswer>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = (await api.Get($"documents/{document}/answers?version={version}&limit=200{cursor}", ct)).As<Page<CitingAnswer>>();
            answers.AddRange(page.Items);
            cursor = page.Next is { } next ? $"&cursor={next}" : null;
        }

        return answers;
    }

    static void Print(Call call, RecalledVersion recalled, IReadOnlyList<CitingAnswer> affected)
    {
        if (call.IsJson) return;

        call.Screen.Line($"Version {recalled.Version} of {Screen.Safe(recalled.Source)} "
            + (recalled.IsNew ? "is withdrawn: it is searched no more." : $"was withdrawn at {Formats.Time(recalled.At)}."));
        foreach (var same in recalled.SameContent)
            call.Screen.Line($"Version {same.Version} of {Screen.Safe(same.Source)} ({Screen.Safe(same.DocumentId)}) has the same content, and is "
                + "withdrawn with it.");
        call.Screen.Line($"{Formats.Count(affected.Count, "answer")} cite{(affected.Count == 1 ? "s" : "")} it.");
        if (affected.Count > 0 && !call.Parsed.GetValue(AskAgain))
            Table.Print(call.Screen, ["run", "agent", "answered", "question"], [.. affected.Select(Row)]);
    }

    static string[] Row(CitingAnswer answer) => [RunIds.Brief(answer.Run), answer.Agent, Formats.Time(answer.AnsweredAt), answer.Question];

    /// <summary>Those that were not asked again yet; if all were, the differences that there are.</summary>
    static async Task<int> Again(
        Call call, Api api, string document, int version, IReadOnlyList<CitingAnswer> affected, CancellationToken ct)
    {
        if (affected.All(answer => answer.AskedAgain is not null || answer.IsTrial))
        {
            if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { Items = affected, Next = (string?)null }, Answers.Format));
            else if (affected.Count > 0) call.Screen.Line("All were asked again before.");
            return ExitCodes.Ok;
        }

        var request = new AskAgainRequest(version, call.Parsed.GetValue(Budget));
        var queued = (await api.Post($"documents/{document}/ask-again", request, ct)).As<QueuedWhatIf>();
        WhatIfDisplay.NameRefused(call, queued.Refused);
        call.Inform($"{Formats.Count(queued.Runs, "question")} asked again. They go on by themselves: agents whatif --follow {queued.Id}");
        if (queued.HasMore) call.Inform("There are more: recall again to ask the others.");
        return await WhatIfDisplay.Follow(call, api, queued.Id, waits: true, ct);
    }
}
