using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Agents.Host.Api.Batches;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Http;

namespace Agents.Host.Cli.Ask;

/// <summary>Looks at batches, ends one, and writes down what came of its questions.</summary>
static class BatchesVerb
{
    static readonly Argument<string> Id = new("id") { Description = "The batch's id, at least 4 characters of it, or last." };
    static readonly Option<int> Limit = new("--limit") { Description = "How many, 1 to 100.", HelpName = "N", DefaultValueFactory = _ => 20 };
    static readonly Option<string?> Out = new("--out") { Description = "The file to write to; the terminal when nothing is said.", HelpName = "FILE" };

    static readonly JsonSerializerOptions Line = new(Answers.Format) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(Verb verb) => verb.Lists(
        new("batches", "Lists batches and how far they are, newest first.") { Limit }, List,
        verb.Does(new("show", "Shows how far a batch is, and each of its questions.") { Id }, Show),
        verb.Does(new("cancel", "Ends all runs of a batch that have not ended.") { Id }, Cancel),
        verb.Does(new("results", "Writes a JSON line for each question with its answer, in the order of the request.") { Id, Out }, Results));

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get($"batches?limit={call.Parsed.GetValue(Limit)}", ct);
        var page = answer.As<Page<BatchView>>();
        if (call.IsJson) call.Screen.Json(answer);
        else if (page.Items.Count == 0) call.Inform("There are no batches. Start one: agents batch FILE");
        else Print(call.Screen, page.Items);
        return ExitCodes.Ok;
    }

    static async Task<int> Show(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var id = await BatchIds.Find(server.Api, call.Parsed.GetValue(Id)!, ct);
        var answer = await server.Api.Get($"batches/{id}", ct);
        if (call.IsJson)
        {
            call.Screen.Json(answer);
            return ExitCodes.Ok;
        }

        Print(call.Screen, [answer.As<BatchView>()]);
        call.Screen.Line();
        var rows = new List<string[]>();
        await foreach (var item in Items(server.Api, id, ct))
            rows.Add(
            [
                Formats.Number(item.Index + 1), item.RunId is { } run ? RunIds.Brief(run) : "", item.Status, item.Question ?? "",
                item.Answer ?? item.Failure?.Message ?? item.Problem?.Detail ?? "",
            ]);
        Table.Print(call.Screen, [">line", "run", "status", "question", "*answer"], rows);
        return ExitCodes.Ok;
    }

    static async Task<int> Cancel(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var id = await BatchIds.Find(server.Api, call.Parsed.GetValue(Id)!, ct);
        var answer = await server.Api.Post($"batches/{id}/cancel", new { }, ct);
        var changed = answer.As<ChangedRuns>();
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line(
            changed.Changed.Count == 0
                ? "All of its runs had ended."
                : $"{Formats.Count(changed.Changed.Count, "run")} cancelled; what has ended stays as it is.");
        return ExitCodes.Ok;
    }

    static async Task<int> Results(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var id = await BatchIds.Find(server.Api, call.Parsed.GetValue(Id)!, ct);
        var path = call.Parsed.GetValue(Out);
        await using var file = path is null ? null : new StreamWriter(path);
        var count = 0;
        await foreach (var item in Items(server.Api, id, ct))
        {
            await (file ?? call.Screen.Output).WriteLineAsync(JsonSerializer.Serialize(item, Line).AsMemory(), ct);
            count++;
        }

        if (path is not null) call.Inform($"{Formats.Count(count, "result")} written to {path}.");
        return ExitCodes.Ok;
    }

    /// <summary>In the order of the request.</summary>
    static async IAsyncEnumerable<BatchItemView> Items(
        Api api, Guid id, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        for (string? next = "-1"; next is not null;)
        {
            var page = (await api.Get($"batches/{id}/items?limit=1000&after={next}", ct)).As<Page<BatchItemView>>();
            foreach (var item in page.Items) yield return item;
            next = page.Next;
        }
    }

    static void Print(Screen screen, IReadOnlyList<BatchView> batches) => Table.Print(
        screen, ["batch", "-queued", "-by", ">items", "->refused", "->waiting", ">running", ">stopped", ">completed", ">failed", "-$cost"],
        [.. batches.Select(Row)]);

    static string[] Row(BatchView batch) =>
    [
        RunIds.Brief(batch.Id), Formats.Time(batch.QueuedAt), batch.RequestedBy, Formats.Number(batch.Items), Formats.Number(batch.Refused),
        Formats.Number(batch.Queued),
        Formats.Number(batch.Running), Formats.Number(batch.Paused + batch.Parked), Formats.Number(batch.Completed),
        Formats.Number(batch.Failed + batch.Cancelled),
        Formats.ShortCost(batch.CostUsd, batch.UnpricedCalls, null),
    ];
}
