using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Agents.Host.Api.Batches;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Http;
using Spectre.Console;

namespace Agents.Host.Cli.Ask;

/// <summary>Asks all questions of a file, shows how far they are, and writes down what came of each.</summary>
static class BatchVerb
{
    static readonly Argument<string> Path = new("file")
    {
        Description = "One question a line: as it is, as a JSON string, or as a JSON object like POST /runs takes."
    };
    static readonly Option<string> Agent = new("--agent")
    {
        Description = "For lines that name none.", HelpName = "A", DefaultValueFactory = _ => "research"
    };
    static readonly Option<string?> Out = new("--out")
    {
        Description = "Writes a JSON line for each question, with its answer, in the order of the file.", HelpName = "FILE"
    };
    static readonly Option<string?> Key = new("--once")
    {
        Description = "Names this batch: the same file sent again under the same name begins nothing twice.", HelpName = "NAME"
    };
    static readonly Option<bool> Detach = new("--detach") { Description = "Does not wait for the answers." };

    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    static readonly JsonSerializerOptions Line = new(Answers.Format) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    const int MostNamed = 5;

    public static Command Create(Verb verb) =>
        verb.Does(new("batch", "Asks all questions of a file, up to 1,000 in one transaction.") { Path, Agent, Out, Key, Detach }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        var items = await BatchFile.Read(call.Parsed.GetValue(Path)!, call.Parsed.GetValue(Agent)!, ct);
        await using var server = await ServerConnection.Open(call, ct);
        var queued = new List<QueuedBatch>();
        foreach (var (part, batch) in items.Index())
            queued.Add((await server.Api.Post(
                "runs/batch", new { Items = batch }, ct, call.Parsed.GetValue(Key) is { } key ? $"{key}/{part}" : null)).As<QueuedBatch>());
        NameRefused(call, queued);

        IReadOnlyList<BatchView> batches;
        try
        {
            batches = call.Parsed.GetValue(Detach) ? await StateOf(server.Api, queued, ct) : await Follow(call, server.Api, queued, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            foreach (var batch in queued.SkipLast(1))
                RunFollowing.Interrupted(call, server, $"batch {batch.Id}", $"agents batches show {RunIds.Brief(batch.Id)}");
            return RunFollowing.Interrupted(call, server, $"batch {queued[^1].Id}", $"agents batches show {RunIds.Brief(queued[^1].Id)}");
        }

        if (call.Parsed.GetValue(Out) is { } path) await Write(server.Api, queued, path, ct);
        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new Page<BatchView>(batches, null), Answers.Format));
        else Print(call, batches);
        return ExitCodeOf(batches);
    }

    static void NameRefused(Call call, IReadOnlyList<QueuedBatch> queued)
    {
        var refused = queued.SelectMany(batch => batch.Items).Where(item => item.Problem is not null).ToList();
        foreach (var item in refused.Take(MostNamed)) call.Inform($"Item {item.Index + 1}: {item.Problem!.Title}: {item.Problem.Detail}");
        if (refused.Count > MostNamed) call.Inform($"and {Formats.Count(refused.Count - MostNamed, "more refused item")}");
    }

    static async Task<IReadOnlyList<BatchView>> Follow(Call call, Api api, IReadOnlyList<QueuedBatch> queued, CancellationToken ct)
    {
        if (call.IsJson || !call.Screen.IsTerminal) return await Until(api, queued, _ => { }, ct);

        return await call.Screen.Terminal.Progress()
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async shown =>
            {
                var bar = shown.AddTask("Asking", maxValue: queued.Sum(batch => batch.Items.Count));
                return await Until(api, queued, batches =>
                {
                    bar.Value = batches.Sum(Done);
                    bar.Description = $"{Formats.Number(batches.Sum(batch => batch.Running))} at work, "
                        + $"{Formats.Number(batches.Sum(batch => batch.Queued))} waiting";
                }, ct);
            });
    }

    /// <summary>To the end, or to where only a person lets them go on.</summary>
    static async Task<IReadOnlyList<BatchView>> Until(
        Api api, IReadOnlyList<QueuedBatch> queued, Action<IReadOnlyList<BatchView>> show, CancellationToken ct)
    {
        while (true)
        {
            var batches = await StateOf(api, queued, ct);
            show(batches);
            if (batches.All(batch => batch is { Queued: 0, Running: 0 })) return batches;
            await Task.Delay(Look, ct);
        }
    }

    static async Task<IReadOnlyList<BatchView>> StateOf(Api api, IReadOnlyList<QueuedBatch> queued, CancellationToken ct)
    {
        var batches = new List<BatchView>();
        foreach (var batch in queued) batches.Add((await api.Get($"batches/{batch.Id}", ct)).As<BatchView>());
        return batches;
    }

    /// <summary>The items of all batches, counted through.</summary>
    static async Task Write(Api api, IReadOnlyList<QueuedBatch> queued, string path, CancellationToken ct)
    {
        await using var file = new StreamWriter(path);
        var before = 0;
        foreach (var batch in queued)
        {
            for (string? next = "-1"; next is not null;)
            {
                var page = (await api.Get($"batches/{batch.Id}/items?limit=1000&after={next}", ct)).As<Page<BatchItemView>>();
                foreach (var item in page.Items)
                    await file.WriteLineAsync(JsonSerializer.Serialize(item with { Index = before + item.Index }, Line).AsMemory(), ct);
                next = page.Next;
            }

            before += batch.Items.Count;
        }
    }

    static void Print(Call call, IReadOnlyList<BatchView> batches)
    {
        var parts = new List<string> { Formats.Count(batches.Sum(batch => batch.Items), "question") };
        foreach (var (word, count) in Counts(batches).Where(counted => counted.Count > 0)) parts.Add($"{Formats.Number(count)} {word}");
        if (batches.All(batch => batch.CostUsd is not null))
            parts.Add(Formats.Cost(batches.Sum(batch => batch.CostUsd), batches.Sum(batch => batch.UnpricedCalls), null));
        if (batches.Max(batch => batch.FinishedAt) is { } end) parts.Add(Formats.Duration(end - batches.Min(batch => batch.QueuedAt)));
        call.Screen.Line(string.Join(" · ", parts));
        foreach (var batch in batches) call.Screen.Line($"[grey]batch {batch.Id}[/]");
    }

    static IEnumerable<(string Word, int Count)> Counts(IReadOnlyList<BatchView> batches) =>
    [
        ("completed", batches.Sum(batch => batch.Completed)), ("cut off", batches.Sum(batch => batch.Incomplete)),
        ("failed", batches.Sum(batch => batch.Failed)), ("cancelled", batches.Sum(batch => batch.Cancelled)),
        ("parked", batches.Sum(batch => batch.Parked)), ("paused", batches.Sum(batch => batch.Paused)),
        ("refused", batches.Sum(batch => batch.Refused)),
        ("at work", batches.Sum(batch => batch.Running)), ("waiting", batches.Sum(batch => batch.Queued)),
    ];

    static int Done(BatchView batch) => batch.Items - batch.Queued - batch.Running;

    static int ExitCodeOf(IReadOnlyList<BatchView> batches) =>
        batches.Any(batch => batch.Failed + batch.Refused > 0) ? ExitCodes.Failed
        : batches.Any(batch => batch.Parked + batch.Paused + batch.Cancelled > 0) ? ExitCodes.Stopped
        : batches.Any(batch => batch.Incomplete > 0) ? ExitCodes.Incomplete
        : ExitCodes.Ok;
}
