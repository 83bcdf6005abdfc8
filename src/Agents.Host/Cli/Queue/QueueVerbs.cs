using System.CommandLine;
using System.Globalization;
using Agents.Host.Api.Queue;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Engine.Queue;
using Agents.Host.Http;

namespace Agents.Host.Cli.Queue;

/// <summary>What waits, who is given slots, and where none are given: for the operator of the servers.</summary>
static class QueueVerbs
{
    static readonly Argument<string> Scope = new("scope")
    {
        Description = "overall, or tenant:NAME, agent:NAME, model:NAME, provider:NAME, key:NAME or node:NAME."
    };
    static readonly Option<int?> MaxRuns = new("--max-runs")
    {
        Description = "Runs that may hold a slot at once, over all nodes. No limit when nothing is said.", HelpName = "N"
    };
    static readonly Option<double?> Weight = new("--weight")
    {
        Description = "Share of slots beside others; for tenants and keys. 1 when nothing is said.", HelpName = "W"
    };
    static readonly Argument<string> Node = new("node") { Description = "Its name; see: agents nodes" };
    static readonly Argument<string?> Place = new("scope")
    {
        Description = "all, or tenant:NAME, agent:NAME or node:NAME.", Arity = ArgumentArity.ZeroOrOne
    };
    static readonly Option<bool> All = new("--all") { Description = "Everywhere; the same as the scope all." };
    static readonly Option<string?> Tenant = new("--tenant") { Description = "Only this tenant's runs.", HelpName = "T" };
    static readonly Option<string?> Agent = new("--agent") { Description = "Only this agent's runs.", HelpName = "A" };
    static readonly Option<string?> OnNode = new("--node") { Description = "Only on this node.", HelpName = "N" };
    static readonly Option<string?> Reason = new("--reason") { Description = "Shown to callers who ask why.", HelpName = "R" };

    public static IEnumerable<Command> Create(Verb verb) =>
    [
        verb.Does(new("queues", "Shows what waits for a slot, for how long, and how fast it goes."), Queues),
        With(verb.Does(new("limits", "Shows and changes how many runs may be worked on at once."), Limits),
            verb.Does(new("set", "Sets a limit, a weight or both; what is not said is removed.") { Scope, MaxRuns, Weight }, SetLimit),
            verb.Does(
                new("remove", "Removes a limit and its weight.") { Scope },
                (call, ct) => Delete(call, $"limits/{Uri.EscapeDataString(call.Parsed.GetValue(Scope)!)}", ct))),
        With(verb.Does(new("admission", "Shows where no run is given a slot; pauses and resumes that."), Pauses),
            Where(verb.Does(
                new("pause", "Gives no run a slot any more; runs that have one go on.") { Place, All, Tenant, Agent, OnNode, Reason },
                (call, ct) => Pause(call, ScopeOf(call.Parsed)!, call.Parsed.GetValue(Reason), ct))),
            Where(verb.Does(
                new("resume", "Gives slots again.") { Place, All, Tenant, Agent, OnNode },
                (call, ct) => Delete(call, $"pauses/{Uri.EscapeDataString(ScopeOf(call.Parsed)!)}", ct)))),
        With(verb.Does(new("nodes", "Shows the servers that take runs; drains one."), Nodes),
            verb.Does(
                new("drain", "Empties a node: it takes no runs and hands over those it has.") { Node }, (call, ct) => Change(call, "drain", ct)),
            verb.Does(new("resume", "Lets a drained node take runs again.") { Node }, (call, ct) => Change(call, "resume", ct))),
    ];

    static Command With(Command command, params Command[] more)
    {
        foreach (var one in more) command.Subcommands.Add(one);
        return command;
    }

    static Command Where(Command command)
    {
        command.Validators.Add(parsed =>
        {
            if (ScopesIn(parsed).Count() != 1)
                parsed.AddError("Say where: all, or one tenant:NAME, agent:NAME or node:NAME. For example: agents admission pause tenant:default");
        });
        return command;
    }

    static string? ScopeOf(ParseResult parsed) => ScopesIn(parsed.CommandResult).FirstOrDefault();

    static IEnumerable<string> ScopesIn(System.CommandLine.Parsing.CommandResult parsed) => ScopesIn(
        parsed.GetValue(Place), Scopes(parsed.GetValue(All), parsed.GetValue(Tenant), parsed.GetValue(Agent), parsed.GetValue(OnNode)));

    static IEnumerable<string> ScopesIn(string? place, IEnumerable<string> others) => place is null ? others : others.Prepend(place);

    internal static IEnumerable<string> Scopes(bool all, string? tenant, string? agent, string? node)
    {
        if (all) yield return "all";
        if (tenant is not null) yield return $"tenant:{tenant}";
        if (agent is not null) yield return $"agent:{agent}";
        if (node is not null) yield return $"node:{node}";
    }

    static Task<int> Queues(Call call, CancellationToken ct) => Show<QueueView>(call, "queues", "Nothing waits, and nothing was started lately.",
        ["*tenant", "agent", ">priority", ">waiting", "->held back", ">running", ">oldest", "->starts/min"], queue =>
        [
            queue.Tenant, queue.Agent, $"{queue.Priority}", Formats.Number(queue.Waiting), Formats.Number(queue.HeldBack),
            Formats.Number(queue.Running),
            queue.OldestSeconds is { } oldest ? Formats.Duration(TimeSpan.FromSeconds(oldest)) : "", Short(queue.StartsPerMinute),
        ], ct);

    static Task<int> Limits(Call call, CancellationToken ct) =>
        Show<LimitView>(call, "limits", "No limits. Make one: agents limits set overall --max-runs 8",
        ["*scope", ">max runs", ">running", ">weight", "-changed by"],
        limit =>
            [limit.Scope, limit.MaxRuns is { } most ? Formats.Number(most) : "", Formats.Number(limit.Running), Short(limit.Weight), limit.ChangedBy],
            ct);

    static Task<int> Pauses(Call call, CancellationToken ct) => Show<PauseView>(call, "pauses", "Admission is paused nowhere.",
        ["scope", "-since", "by", "*reason"], pause => [pause.Scope, Formats.Time(pause.PausedAt), pause.PausedBy, pause.Reason], ct);

    static Task<int> Nodes(Call call, CancellationToken ct) => Show<NodeView>(call, "nodes", "No node takes runs.",
        ["*node", ">slots", ">running", "-since", "drained"],
        node =>
            [
                node.Name, Formats.Number(node.Slots), Formats.Number(node.Running), Formats.Time(node.StartedAt),
                node.DrainedAt is { } at ? $"{Formats.Time(at)} by {node.DrainedBy}" : ""], ct);

    static async Task<int> Show<T>(Call call, string path, string none, IReadOnlyList<string> headings, Func<T, string[]> row, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get(path, ct);
        var items = answer.As<Page<T>>().Items;
        if (call.IsJson) call.Screen.Json(answer);
        else if (items.Count == 0) call.Inform(none);
        else Table.Print(call.Screen, headings, [.. items.Select(row)]);
        return ExitCodes.Ok;
    }

    static async Task<int> SetLimit(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Put(
            $"limits/{Uri.EscapeDataString(call.Parsed.GetValue(Scope)!)}",
            new SetLimitRequest(call.Parsed.GetValue(MaxRuns), call.Parsed.GetValue(Weight)), ct);
        var limit = answer.As<LimitView>();
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line(
            Screen.Safe(
                $"{limit.Scope}: "
                + (limit.MaxRuns is { } most ? $"at most {Formats.Count(most, "run")} at once, {Formats.Number(limit.Running)} now" : "no limit")
                + (limit.Weight is { } weight ? $", weight {Short(weight)}." : ".")));
        return ExitCodes.Ok;
    }

    internal static async Task<int> Pause(Call call, string scope, string? reason, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Put($"pauses/{Uri.EscapeDataString(scope)}", new ReasonRequest(reason), ct);
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line(
            Screen.Safe(
                $"No run is given a slot: {scope}. Let them go on: agents admission resume {scope}"));
        return ExitCodes.Ok;
    }

    static async Task<int> Change(Call call, string change, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Post($"nodes/{Uri.EscapeDataString(call.Parsed.GetValue(Node)!)}/{change}", new { }, ct);
        var node = answer.As<NodeView>();
        if (call.IsJson) call.Screen.Json(answer);
        else call.Screen.Line(
            Screen.Safe(
                node.DrainedAt is null
                    ? $"{node.Name} takes runs."
                    : $"{node.Name} takes no runs; {Formats.Count(node.Running, "run")} left to hand over."));
        return ExitCodes.Ok;
    }

    static async Task<int> Delete(Call call, string path, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        await server.Api.Delete(path, ct);
        if (!call.IsJson) call.Screen.Line("Removed.");
        return ExitCodes.Ok;
    }

    static string Short(double? number) => number?.ToString("0.##", CultureInfo.InvariantCulture) ?? "";
}
