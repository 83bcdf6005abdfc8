using System.CommandLine;
using Agents.Host.Api.Batches;
using Agents.Host.Cli.Display;
using Agents.Host.Http;

namespace Agents.Host.Cli.Ask;

/// <summary>Lists batches, newest first.</summary>
static class BatchesVerb
{
    static readonly Option<int> Limit = new("--limit") { Description = "How many, 1 to 100.", HelpName = "N", DefaultValueFactory = _ => 20 };

    public static Command Create(Verb verb) => verb.Does(new("batches", "Lists batches and how far they are, newest first.") { Limit }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get($"batches?limit={call.Parsed.GetValue(Limit)}", ct);
        var page = answer.As<Page<BatchView>>();
        if (call.IsJson) call.Screen.Json(answer);
        else if (page.Items.Count == 0) call.Inform("There are no batches. Start one: agents batch FILE");
        else Table.Print(
            call.Screen, ["batch", "queued", "by", ">items", ">refused", ">waiting", ">running", ">stopped", ">completed", ">failed", "$cost"],
            [.. page.Items.Select(Row)]);
        return ExitCodes.Ok;
    }

    static string[] Row(BatchView batch) =>
    [
        batch.Id.ToString(), Formats.Time(batch.QueuedAt), batch.RequestedBy, Formats.Number(batch.Items), Formats.Number(batch.Refused),
        Formats.Number(batch.Queued),
        Formats.Number(batch.Running), Formats.Number(batch.Paused + batch.Parked), Formats.Number(batch.Completed),
        Formats.Number(batch.Failed + batch.Cancelled),
        Formats.Cost(batch.CostUsd, batch.UnpricedCalls, null),
    ];
}
