using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Engine.Money;

namespace Agents.Host.Cli.Money;

/// <summary>Settles what calls of unknown outcome did cost: by hand, or by a provider's usage export.</summary>
static class FinanceSpend
{
    static readonly Argument<int> ModelCall = new("call") { Description = "Ordinal of the model call within the run, from 1." };
    static readonly Argument<int> Attempt = new("attempt") { Description = "From 1." };
    static readonly Argument<decimal> Usd = new("usd") { Description = "US dollars that it did cost." };
    static readonly Argument<FileInfo> File = new("file")
    {
        Description = "CSV with headings: time, model, and response_id, request_id, input_tokens, output_tokens or cost_usd."
    };

    /// <summary>Verbs below <c>finance</c>.</summary>
    public static IEnumerable<Command> Create(Verb verb) =>
    [
        verb.Does(new("resolve", "Says what a model call of unknown outcome did cost.") { RunArgument.Id, ModelCall, Attempt, Usd }, Resolve),
        verb.Does(new("import", "Takes in a provider's usage export and compares it with the facts.") { File }, Import),
    ];

    static async Task<int> Resolve(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var run = await call.Run(server.Api, ct);
        var (number, attempt, usd) = (call.Parsed.GetValue(ModelCall), call.Parsed.GetValue(Attempt), call.Parsed.GetValue(Usd));
        var answer = await server.Api.Post($"runs/{run}/spend/{number}/{attempt}", new ResolveSpendRequest(usd), ct);
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"Attempt {attempt} of call {number} of run {RunIds.Brief(run)} did cost {Formats.Usd(usd)}.");
        return ExitCodes.Ok;
    }

    static async Task<int> Import(Call call, CancellationToken ct)
    {
        var file = call.Parsed.GetValue(File)!;
        if (!file.Exists) throw new VerbException(ExitCodes.Usage, $"There is no file {file.FullName}.");

        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        await using var content = file.OpenRead();
        var answer = await server.Api.Upload("finance/usage", content, ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call.Screen, answer.As<UsageImport>());
        return ExitCodes.Ok;
    }

    static void Print(Screen screen, UsageImport import)
    {
        screen.Line(
            $"{Formats.Count(import.Rows, "row")}, {Formats.Number(import.NewRows)} new; {Formats.Count(import.Resolved, "call")} of unknown outcome "
            + "resolved.");
        if (import.Items.Count == 0) return;

        var rows = import.Items.Select(hour => Row(
            $"{hour.Hour:yyyy-MM-dd HH}:00", hour.Model, hour.ProviderUsd ?? 0, hour.MatchedUsd, hour.ExplainedUsd, hour.UnexplainedUsd)).ToList();
        rows.Add(Row(
            "total", "", import.Items.Sum(hour => hour.ProviderUsd ?? 0), import.Items.Sum(hour => hour.MatchedUsd),
            import.Items.Sum(hour => hour.ExplainedUsd),
            import.Items.Sum(hour => hour.UnexplainedUsd)));
        screen.Line();
        Table.Print(screen, ["hour (UTC)", "model", "$billed", ">matched", ">explained", ">unexplained"], rows);
    }

    static string[] Row(string hour, string model, params decimal[] usd) => [hour, model, .. usd.Select(Formats.Usd)];
}
