using System.CommandLine;
using System.Text.Json;
using Agents.Host.Api.WhatIfs;
using Agents.Host.Cli.Display;

namespace Agents.Host.Cli.Runs;

/// <summary>Goes through runs otherwise, from a step on, and holds what comes of it against what came of them.</summary>
static class WhatIfVerb
{
    static readonly Option<string?> From = new("--from")
    {
        Description = "The step from which they differ; the first model step when nothing is said.", HelpName = "STEP",
    };
    static readonly Option<string?> Model = new("--model") { Description = "The model of all model steps from there on.", HelpName = "M" };
    static readonly Option<string?> Instructions = new("--instructions")
    {
        Description = "A file with other instructions for that step.", HelpName = "FILE",
    };
    static readonly Option<WhatIfTools> Tools = new("--tools")
    {
        Description = "recorded: results of the run instead of calls. live: tools are called.", HelpName = "T",
        DefaultValueFactory = _ => WhatIfTools.Recorded,
    };
    static readonly Option<string?> Query = new("--query")
    {
        Description = "Instead of a run: those that fit, such as \"agent=research since=2026-11-01 limit=100\"; also status.", HelpName = "Q",
    };
    static readonly Option<string?> RunsFile = new("--file")
    {
        Description = "Instead of a run: a file with the id of one on each line.", HelpName = "FILE",
    };
    static readonly Option<Guid?> Follow = new("--follow")
    {
        Description = "Instead of a run: shows a what-if that was begun before.", HelpName = "WHATIF",
    };
    static readonly Option<decimal?> Budget = new("--budget")
    {
        Description = "US dollars that all of them together may spend; twice the estimate when nothing is said.", HelpName = "USD",
    };
    static readonly Option<string?> Reason = new("--reason") { Description = "Kept with the facts.", HelpName = "R" };
    static readonly Option<bool> Yes = new("--yes") { Description = "Spends it without asking." };
    static readonly Option<bool> Detach = new("--detach") { Description = "Does not wait for the answers." };

    public static Command Create(Verb verb)
    {
        var command = new Command("whatif", "Goes through runs otherwise, with another model or instructions, and compares.")
        {
            RunArgument.MaybeId, From, Model, Instructions, Tools, Query, RunsFile, Follow, Budget, Reason, Yes, Detach,
        };
        command.Validators.Add(parsed =>
        {
            var named = (parsed.GetResult(RunArgument.MaybeId)?.Tokens.Count > 0 ? 1 : 0) + (parsed.GetValue(Query) is null ? 0 : 1)
                + (parsed.GetValue(RunsFile) is null ? 0 : 1) + (parsed.GetValue(Follow) is null ? 0 : 1);
            if (named != 1) parsed.AddError("Name one run, or say one of --query, --file and --follow. For example: agents whatif last --model M");
            else if (parsed.GetValue(Follow) is null && parsed.GetValue(Model) is null && parsed.GetValue(Instructions) is null)
                parsed.AddError("Say what is different: --model, --instructions, or both.");
        });
        return verb.Does(command, (call, ct) => call.Parsed.GetValue(Follow) is { } id ? Show(call, id, ct) : Ask(call, ct));
    }

    static async Task<int> Show(Call call, Guid id, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        return await WhatIfDisplay.Follow(call, server.Api, id, waits: !call.Parsed.GetValue(Detach), ct);
    }

    static async Task<int> Ask(Call call, CancellationToken ct)
    {
        var instructions = call.Parsed.GetValue(Instructions) is { } path ? await Read(path, ct) : null;
        await using var server = await ServerConnection.Open(call, ct);
        var request = await Runs(call, server.Api, ct) with
        {
            From = call.Parsed.GetValue(From), Model = call.Parsed.GetValue(Model), Instructions = instructions, Tools = call.Parsed.GetValue(Tools),
            BudgetUsd = call.Parsed.GetValue(Budget), Reason = call.Parsed.GetValue(Reason),
        };
        var estimate = (await server.Api.Post("whatifs/estimate", request, ct)).As<WhatIfEstimate>();
        WhatIfDisplay.NameRefused(call, estimate.Refused);
        if (estimate.Runs == 0) throw new VerbException(ExitCodes.NothingFound, "No run fits that can be gone through otherwise.");

        var budget = request.BudgetUsd ?? WhatIfDisplay.BudgetFor(estimate.EstimatedUsd);
        if (!WhatIfDisplay.IsConfirmed(call, call.Parsed.GetValue(Yes), estimate, budget)) return ExitCodes.Usage;

        var queued = (await server.Api.Post("whatifs", request with { BudgetUsd = budget }, ct)).As<QueuedWhatIf>();
        call.Inform($"What-if {queued.Id} is queued. It goes on by itself: agents whatif --follow {queued.Id}");
        return await WhatIfDisplay.Follow(call, server.Api, queued.Id, waits: !call.Parsed.GetValue(Detach), ct);
    }

    static async Task<WhatIfRequest> Runs(Call call, Api api, CancellationToken ct)
    {
        if (call.Parsed.GetValue(Query) is { } query) return Parse(query);
        if (call.Parsed.GetValue(RunsFile) is not { } path) return new([await api.Find(call.Parsed.GetValue(RunArgument.MaybeId)!, ct)]);

        var (runs, text) = (new List<Guid>(), await Read(path, ct));
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            runs.Add(Guid.TryParse(line, out var run) ? run : throw new VerbException(ExitCodes.Usage, $"{path}: '{line}' is no id of a run."));
        return new(runs);
    }

    static WhatIfRequest Parse(string query)
    {
        var request = new WhatIfRequest();
        foreach (var word in query.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            request = word.Split('=', 2) switch
            {
                ["agent", var agent] => request with { Agent = agent },
                ["status", var status] => request with { Status = status },
                ["since", var text] when SinceOption.TryParse(text, out var since) => request with { Since = since },
                ["limit", var number] when int.TryParse(number, out var limit) => request with { Limit = limit },
                _ => throw new VerbException(
                    ExitCodes.Usage, $"'{word}' is not understood. Say agent=, status=, since= and limit=, with a space between."),
            };
        return request;
    }

    static async Task<string> Read(string path, CancellationToken ct)
    {
        try
        {
            return await File.ReadAllTextAsync(path, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VerbException(ExitCodes.Usage, $"{path} cannot be read: {e.Message}");
        }
    }
}
