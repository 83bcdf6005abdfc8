using System.CommandLine;
using System.Text.Json;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Ask;
using Agents.Host.Cli.Display;
using Agents.Host.Engine.Requests;

namespace Agents.Host.Cli.Runs;

/// <summary>Continues a run in another one, from a version of it; or all runs that fit.</summary>
static class ForkVerb
{
    static readonly Option<long?> At = new("--at")
    {
        Description = "The version to go on from; see: agents replay ID. As late as can be when nothing is said.", HelpName = "VERSION"
    };
    static readonly Option<string?> Question = new("--question") { Description = "Another question.", HelpName = "Q" };
    static readonly Option<string?> Model = new("--model") { Description = "Another model for the steps that name none.", HelpName = "M" };
    static readonly Option<int?> Priority = new("--priority")
    {
        Description = "0 to 9, 9 the most urgent. As the run's when nothing is said.", HelpName = "N"
    };
    static readonly Option<decimal?> Budget = new("--budget") { Description = "US dollars the fork may spend.", HelpName = "USD" };
    static readonly Option<string?> Reason = new("--reason") { Description = "Kept with the fork's facts.", HelpName = "R" };
    static readonly Option<bool> All = new("--all") { Description = "All runs that fit, instead of one, that were not forked yet." };
    static readonly Option<string?> Status = new("--status")
    {
        Description = "With --all: only runs of this status; else parked, failed and cancelled ones.", HelpName = "S"
    };
    static readonly Option<string?> Agent = new("--agent") { Description = "With --all: only this agent's.", HelpName = "A" };
    static readonly Option<string?> Failure = new("--failure")
    {
        Description = "With --all: only runs stopped for this, such as RateLimited.", HelpName = "F"
    };

    public static Command Create(Verb verb)
    {
        var command = new Command("fork", "Goes on from a version of a run in a new run, or of all that fit.")
        {
            RunArgument.MaybeId, At, Question, Model, Priority, Budget, Reason, All, Status, Agent, Failure,
        };
        command.Validators.Add(parsed =>
        {
            var (id, all) = (parsed.GetResult(RunArgument.MaybeId)?.Tokens.Count > 0, parsed.GetValue(All));
            if (id == all) parsed.AddError("Name one run, or say --all. For example: agents fork last");
            else if (!all && (parsed.GetValue(Status) ?? parsed.GetValue(Agent) ?? parsed.GetValue(Failure)) is not null)
                parsed.AddError("--status, --agent and --failure go with --all.");
            else if (all && (
                parsed.GetValue(At), parsed.GetValue(Question), parsed.GetValue(Priority), parsed.GetValue(Budget)) is not (null, null, null, null))
                parsed.AddError("--at, --question, --priority and --budget are for one run.");
        });
        return verb.Does(command, (call, ct) => call.Parsed.GetValue(All) ? ForkAll(call, ct) : ForkOne(call, ct));
    }

    static async Task<int> ForkOne(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var parsed = call.Parsed;
        var origin = await server.Api.Find(parsed.GetValue(RunArgument.MaybeId)!, ct);
        var answer = await server.Api.Post($"runs/{origin}/fork", new ForkRunRequest(
            parsed.GetValue(At), parsed.GetValue(Question), parsed.GetValue(Model), parsed.GetValue(Reason),
            parsed.GetValue(Priority) is { } priority ? JsonSerializer.SerializeToElement(priority) : null, parsed.GetValue(Budget)), ct);
        var fork = answer.As<ForkedRun>();
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line(
            $"Run {fork.Id} goes on from version {fork.ForkedFrom.Version} of {RunIds.Brief(origin)}."
            + (fork.InheritedUsd is { } inherited ? $" That had cost {Formats.Usd(inherited)}; nothing of it is paid again." : ""));

        if (!server.IsOwn || call.IsJson) return ExitCodes.Ok;
        return await RunFollowing.Show(call, server, fork.Id, ct); // its server ends with this call
    }

    static async Task<int> ForkAll(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var request = new ForkRunsRequest(
            call.Parsed.GetValue(Status), call.Parsed.GetValue(Agent), call.Parsed.GetValue(Failure), Reason: call.Parsed.GetValue(Reason),
            Model: call.Parsed.GetValue(Model));
        var (forked, unchanged) = (new List<ForkOfRun>(), new List<Guid>());
        for (var hasMore = true; hasMore;)
        {
            var answer = (await server.Api.Post("runs/fork", request, ct)).As<ForkedRuns>();
            forked.AddRange(answer.Forked);
            unchanged = [.. unchanged.Union(answer.Unchanged)];
            hasMore = answer.HasMore && answer.Forked.Count > 0;
        }

        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new ForkedRuns(forked, unchanged, HasMore: false), Answers.Format));
        else if (forked.Count + unchanged.Count == 0) call.Inform("No run fits that was not forked yet. See: agents runs --status parked");
        else call.Screen.Line(
            $"{forked.Count} runs forked{(unchanged.Count > 0 ? $"; {unchanged.Count} could not be: agents fork ID says why" : "")}.");
        return ExitCodes.Ok;
    }
}
