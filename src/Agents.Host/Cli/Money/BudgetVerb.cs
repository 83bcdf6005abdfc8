using System.CommandLine;
using Agents.Domain.Costs;
using Agents.Host.Api.Budgets;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Http;

namespace Agents.Host.Cli.Money;

/// <summary>Looks at and changes what may be spent.</summary>
static class BudgetVerb
{
    static readonly Argument<string> Scope = new("scope") { Description = "agent, batch, key, tenant or run." };
    static readonly Argument<string> Name = new("name") { Description = "Of the agent, the key or the tenant; the id of a batch, a key or a run." };
    static readonly Argument<decimal> Usd = new("usd") { Description = "US dollars." };

    static readonly Option<BudgetPeriod> Period = new("--period")
    {
        Description = "day, month or total, UTC. A month when nothing is said; a batch has one for all its time.", HelpName = "P",
        DefaultValueFactory = _ => BudgetPeriod.Month,
    };

    static readonly Option<string?> Reason = new("--reason") { Description = "Kept with the run's facts; only for a run.", HelpName = "R" };

    static readonly Option<bool> Shared = new("--shared") { Description = "One budget for all keys of the name." };

    public static Command Create(Verb verb) => new("budget", "Shows and changes what agents, keys, tenants and runs may spend.")
    {
        verb.Does(new("list", "Shows all budgets, what is spent and reserved, and who waits."), List),
        verb.Does(new("set", "Makes a budget or changes its limit.") { Scope, Name, Usd, Period, Reason, Shared }, Set),
        verb.Does(new("raise", "Adds to a budget's limit.") { Scope, Name, Usd, Period }, Raise),
        verb.Does(new("remove", "Removes a budget; what waits for it goes on.") { Scope, Name, Period }, Remove),
    };

    static async Task<int> List(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var answer = await server.Api.Get("budgets", ct);
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call.Screen, answer.As<Page<BudgetView>>().Items);
        return ExitCodes.Ok;
    }

    static async Task<int> Set(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        var usd = call.Parsed.GetValue(Usd);
        if (call.Parsed.GetValue(Scope) is "run")
        {
            var run = await server.Api.Find(call.Parsed.GetValue(Name)!, ct);
            var set = await server.Api.Put($"runs/{run}/budget", new SetRunBudgetRequest(usd, call.Parsed.GetValue(Reason)), ct);
            if (call.IsJson) call.Screen.Json(set);
            else call.Screen.Line($"Run {RunIds.Brief(run)} may spend {Formats.Usd(usd)}; it is {set.As<RunBudget>().Status}.");
            return ExitCodes.Ok;
        }

        return Print(call, await server.Api.Put(
            PathOf(call) + (call.Parsed.GetValue(Shared) ? "&shared=true" : ""), new SetBudgetRequest(usd), ct));
    }

    static async Task<int> Raise(Call call, CancellationToken ct)
    {
        if (call.Parsed.GetValue(Scope) is "run")
            throw new VerbException(ExitCodes.Usage, "A run's budget is set, not raised: agents budget set run ID USD");

        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        return Print(call, await server.Api.Post(PathOf(call, "/raise"), new RaiseBudgetRequest(call.Parsed.GetValue(Usd)), ct));
    }

    static async Task<int> Remove(Call call, CancellationToken ct)
    {
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        await server.Api.Delete(PathOf(call), ct);
        if (!call.IsJson) call.Screen.Line("Removed.");
        return ExitCodes.Ok;
    }

    static int Print(Call call, System.Text.Json.JsonElement answer)
    {
        if (call.IsJson) call.Screen.Json(answer);
        else Print(call.Screen, [answer.As<BudgetView>()]);
        return ExitCodes.Ok;
    }

    static void Print(Screen screen, IReadOnlyList<BudgetView> budgets)
    {
        if (budgets.Count == 0)
        {
            screen.Line("No budgets. Make one: agents budget set tenant default 50 --period month");
            return;
        }

        Table.Print(
            screen, ["scope", "name", "period", ">limit", ">spent", ">unconfirmed", ">reserved", ">room", ">waiting runs"],
            [.. budgets.Select(RowOf)]);
    }

    static string[] RowOf(BudgetView budget) =>
    [
        Lower(budget.Scope), budget.KeyName is { } key ? $"{key} ({budget.Value})" : budget.Value,
        budget.From is { } from ? $"{Lower(budget.Period)} from {from:yyyy-MM-dd}" : Lower(budget.Period),
        Formats.Usd(budget.LimitUsd), Formats.Usd(budget.SpentUsd), Formats.Usd(budget.UnconfirmedUsd), Formats.Usd(budget.ReservedUsd),
        budget.RoomUsd < 0 ? "-" + Formats.Usd(-budget.RoomUsd) : Formats.Usd(budget.RoomUsd), Formats.Number(budget.WaitingRuns),
    ];

    static string PathOf(Call call, string more = "") =>
        $"budgets/{Uri.EscapeDataString(call.Parsed.GetValue(Scope)!)}/{Uri.EscapeDataString(call.Parsed.GetValue(Name)!)}{more}?period="
        + (call.Parsed.GetValue(Scope) is "batch" ? "total" : Lower(call.Parsed.GetValue(Period)));

    static string Lower(Enum word) => word.ToString().ToLowerInvariant();
}
