using System.CommandLine;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Ask;
using Agents.Host.Cli.Queue;

namespace Agents.Host.Cli.Runs;

/// <summary>Cancel, pause and resume: what a person does to a run, or, cancelling and resuming, to all that fit.</summary>
static class ChangeVerbs
{
    static readonly Option<string?> Reason = new("--reason") { Description = "Kept with the run's facts.", HelpName = "R" };
    static readonly Option<bool> All = new("--all") { Description = "All runs that fit instead of one." };
    static readonly Option<string?> Status = new("--status") { Description = "With --all: only runs of this status.", HelpName = "S" };
    static readonly Option<string?> Agent = new("--agent") { Description = "With --all: only this agent's.", HelpName = "A" };
    static readonly Option<string?> Failure = new("--failure")
    {
        Description = "With --all: only runs parked for this, such as RateLimited.", HelpName = "F"
    };

    public static IEnumerable<Command> Create(Verb verb) =>
    [
        ChangeMany(verb, "cancel", "Ends a run for good, or all that fit.", "cancelled"),
        Pause(verb),
        ChangeMany(verb, "resume", "Lets a paused or parked run go on, or all that fit.", "resumed"),
    ];

    /// <summary>One run, or admission: which runs are given a slot. Runs that have one are not paused by the latter.</summary>
    static Command Pause(Verb verb)
    {
        Option<bool> all = new("--all")
        {
            Description = "Instead of a run: no run is given a slot any more. The same as: agents admission pause --all"
        };
        Option<string?> tenant = new("--tenant") { Description = "Instead of a run: none of this tenant's.", HelpName = "T" };
        Option<string?> agent = new("--agent") { Description = "Instead of a run: none of this agent's.", HelpName = "A" };
        Option<string?> node = new("--node") { Description = "Instead of a run: none on this node.", HelpName = "N" };
        var command = new Command(
            "pause", "Stops a run until it is resumed, or, without one, admission.") { RunArgument.MaybeId, all, tenant, agent, node, Reason };
        command.Validators.Add(parsed =>
        {
            var named = parsed.GetResult(RunArgument.MaybeId)?.Tokens.Count > 0 ? 1 : 0;
            if (named + QueueVerbs.Scopes(parsed.GetValue(all), parsed.GetValue(tenant), parsed.GetValue(agent), parsed.GetValue(node)).Count() != 1)
                parsed.AddError("Name one run, or say one of --all, --tenant, --agent and --node. For example: agents pause last");
        });
        return verb.Does(command, (call, ct) =>
            QueueVerbs.Scopes(
                call.Parsed.GetValue(all), call.Parsed.GetValue(tenant), call.Parsed.GetValue(agent),
                call.Parsed.GetValue(node)).FirstOrDefault() is { } scope
                ? QueueVerbs.Pause(call, scope, call.Parsed.GetValue(Reason), ct)
                : ChangeOne(call, "pause", call.Parsed.GetValue(RunArgument.MaybeId)!, ct));
    }

    static Command ChangeMany(Verb verb, string name, string description, string done)
    {
        var command = new Command(name, description) { RunArgument.MaybeId, All, Status, Agent, Failure, Reason };
        command.Validators.Add(parsed =>
        {
            var (id, all) = (parsed.GetResult(RunArgument.MaybeId)?.Tokens.Count > 0, parsed.GetValue(All));
            if (id == all) parsed.AddError($"Name one run, or say --all. For example: agents {name} last");
            else if (!all && (parsed.GetValue(Status) ?? parsed.GetValue(Agent) ?? parsed.GetValue(Failure)) is not null)
                parsed.AddError("--status, --agent and --failure go with --all.");
        });
        return verb.Does(command, (call, ct) => call.Parsed.GetValue(All)
            ? ChangeAll(call, name, done, ct)
            : ChangeOne(call, name, call.Parsed.GetValue(RunArgument.MaybeId)!, ct));
    }

    static async Task<int> ChangeOne(Call call, string name, string id, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var runId = await server.Api.Find(id, ct);
        var answer = await server.Api.Post($"runs/{runId}/{name}", new ReasonRequest(call.Parsed.GetValue(Reason)), ct);
        var state = answer.As<RunState>();
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line($"Run {RunIds.Brief(runId)} is {state.Status}.");

        if (name is not "resume" || !server.IsOwn || call.IsJson) return ExitCodes.Ok;
        return await RunFollowing.Show(call, server, runId, ct); // its server ends with this call
    }

    static async Task<int> ChangeAll(Call call, string name, string done, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct);
        var request = new ChangeRunsRequest(
            call.Parsed.GetValue(Status), call.Parsed.GetValue(Agent), call.Parsed.GetValue(Failure), Reason: call.Parsed.GetValue(Reason));
        var (changed, unchanged) = (new List<Guid>(), new List<Guid>());
        for (var hasMore = true; hasMore;)
        {
            var answer = (await server.Api.Post($"runs/{name}", request, ct)).As<ChangedRuns>();
            changed.AddRange(answer.Changed);
            unchanged.AddRange(answer.Unchanged);
            hasMore = answer.HasMore && answer.Changed.Count > 0;
        }

        if (call.IsJson)
            call.Screen.Json(System.Text.Json.JsonSerializer.SerializeToElement(new ChangedRuns(changed, unchanged, HasMore: false), Answers.Format));
        else if (changed.Count == 0) call.Inform("No run fits. See: agents runs --status parked");
        else call.Screen.Line($"{changed.Count} runs {done}{(unchanged.Count > 0 ? $", {unchanged.Count} had moved on" : "")}.");
        return ExitCodes.Ok;
    }
}
