using System.CommandLine;
using System.Globalization;
using Agents.Domain.Costs;
using Agents.Host.Api.Budgets;
using Agents.Host.Api.Runs;
using Agents.Host.Cli.Display;
using Agents.Host.Cli.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Http;

namespace Agents.Host.Cli.Money;

/// <summary>Looks at and changes what may be spent.</summary>
public static class BudgetVerb
{
    static readonly Argument<string> Scope = new("scope") { Description = "tenant:NAME, agent:NAME, key:ID, batch:ID or run:ID." };
    static readonly Argument<string[]> Usd = new("usd") { Description = "US dollars, such as 50 or 0.25.", Arity = new(1, 2) };
    static readonly Argument<string?> Name = new("name")
    {
        Description = "The name, where the scope does not say it.", Arity = ArgumentArity.ZeroOrOne, Hidden = true
    };

    static readonly Option<BudgetPeriod> Period = new("--period")
    {
        Description = "day, month or total, UTC. A month when nothing is said; a batch has one for all its time.", HelpName = "P",
        DefaultValueFactory = _ => BudgetPeriod.Month,
    };

    static readonly Option<string?> Reason = new("--reason") { Description = "Kept with the run's facts; only for a run.", HelpName = "R" };

    static readonly Option<bool> Shared = new("--shared") { Description = "One budget for all keys of the name." };

    internal static Command Create(Verb verb) => verb.Lists(
        new Command("budgets", "Lists and changes what agents, keys, tenants and runs may spend.").Also("budget"), List,
        verb.Does(new("set", "Makes a budget or changes its limit.") { Scope, Usd, Period, Reason, Shared }, Set),
        verb.Does(new("raise", "Adds to a budget's limit.") { Scope, Usd, Period }, Raise),
        verb.Does(new("remove", "Removes a budget; what waits for it goes on.") { Scope, Name, Period }, Remove));

    /// <summary>What the words name: <c>tenant:acme 50</c>, or <c>tenant acme 50</c>.</summary>
    /// <param name="more">The words behind the first.</param>
    /// <param name="hasAmount">The last of them is US dollars.</param>
    /// <exception cref="VerbException">They are no scope, or the last is no amount.</exception>
    public static (string Scope, string Name, decimal Usd) Read(string first, IReadOnlyList<string> more, bool hasAmount)
    {
        string[] scope = first.Split(':', 2) is [var kind, var named] ? [kind, named] : more.Count > (hasAmount ? 1 : 0) ? [first, more[0]] : [first];
        if (scope is not [var of, { Length: > 0 } name] || more.Count != (first.Contains(':') ? 0 : 1) + (hasAmount ? 1 : 0))
            throw new VerbException(ExitCodes.Usage, $"Say whose budget as tenant:NAME, agent:NAME, key:ID, batch:ID or run:ID{(hasAmount ? ", then US dollars" : "")}.");
        if (!hasAmount) return (of, name, 0);

        return decimal.TryParse(more[^1].TrimStart('$'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var usd)
            ? (of, name, usd)
            : throw new VerbException(ExitCodes.Usage, $"'{more[^1]}' is no amount. Write US dollars, such as 50 or 0.25.");
    }

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
        var (scope, name, usd) = Read(call.Parsed.GetValue(Scope)!, call.Parsed.GetValue(Usd)!, hasAmount: true);
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        if (scope is "run")
        {
            var run = await server.Api.Find(name, ct);
            var set = await server.Api.Put($"runs/{run}/budget", new SetRunBudgetRequest(usd, call.Parsed.GetValue(Reason)), ct);
            if (call.IsJson) call.Screen.Json(set);
            else call.Screen.Line($"Run {RunIds.Brief(run)} may spend {Formats.Usd(usd)}; it is {set.As<RunBudget>().Status}.");
            return ExitCodes.Ok;
        }

        var shared = call.Parsed.GetValue(Shared) ? "&shared=true" : "";
        name = await Whole(server.Api, scope, name, ct);
        return Print(call, await server.Api.Put(PathOf(call, scope, name) + shared, new SetBudgetRequest(usd), ct));
    }

    static async Task<int> Raise(Call call, CancellationToken ct)
    {
        var (scope, name, usd) = Read(call.Parsed.GetValue(Scope)!, call.Parsed.GetValue(Usd)!, hasAmount: true);
        if (scope is "run") throw new VerbException(ExitCodes.Usage, "A run's budget is set, not raised: agents budgets set run:ID USD");

        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        name = await Whole(server.Api, scope, name, ct);
        return Print(call, await server.Api.Post(PathOf(call, scope, name, "/raise"), new RaiseBudgetRequest(usd), ct));
    }

    static async Task<int> Remove(Call call, CancellationToken ct)
    {
        var (scope, name, _) = Read(
            call.Parsed.GetValue(Scope)!, call.Parsed.GetValue(Name) is { } named ? [named] : [], hasAmount: false);
        await using var server = await ServerConnection.Open(call, ct, doesRuns: false);
        name = await Whole(server.Api, scope, name, ct);
        await server.Api.Delete(PathOf(call, scope, name), ct);
        if (!call.IsJson) call.Screen.Line($"The budget of {Screen.Safe(scope)}:{Screen.Safe(name)} is removed.");
        return ExitCodes.Ok;
    }

    /// <summary>The name as the server knows it: a batch may be named in short.</summary>
    static async Task<string> Whole(Api api, string scope, string name, CancellationToken ct) =>
        scope is "batch" ? (await BatchIds.Find(api, name, ct)).ToString() : name;

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
            screen.Line("No budgets. Make one: agents budgets set tenant:default 50 --period month");
            return;
        }

        Table.Print(
            screen, ["*scope", "period", "$limit", "$spent", "-$unconfirmed", "-$reserved", "$room", "->waiting runs"],
            [.. budgets.Select(RowOf)]);
    }

    static string[] RowOf(BudgetView budget) =>
    [
        $"{Lower(budget.Scope)}:{budget.Value}{(budget.KeyName is { } key ? $" ({key})" : "")}",
        budget.From is { } from ? $"{Lower(budget.Period)} from {from:yyyy-MM-dd}" : Lower(budget.Period),
        Formats.Usd(budget.LimitUsd), Formats.Usd(budget.SpentUsd), Formats.Usd(budget.UnconfirmedUsd), Formats.Usd(budget.ReservedUsd),
        budget.RoomUsd < 0 ? "-" + Formats.Usd(-budget.RoomUsd) : Formats.Usd(budget.RoomUsd), Formats.Number(budget.WaitingRuns),
    ];

    static string PathOf(Call call, string scope, string name, string more = "") =>
        $"budgets/{Uri.EscapeDataString(scope)}/{Uri.EscapeDataString(name)}{more}?period="
        + (scope == "batch" ? "total" : Lower(call.Parsed.GetValue(Period)));

    static string Lower(Enum word) => word.ToString().ToLowerInvariant();
}
