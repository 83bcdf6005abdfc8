using System.CommandLine;
using System.Text.Json;
using Agents.Host.Audit;
using Agents.Host.Cli.Database;
using Agents.Host.Cli.Display;
using Agents.Host.Engine.Money;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Host.Cli.Money;

/// <summary>
/// What finance asks of the database: proof, other prices, a role to read with. Needs no server and starts none; what is below
/// <see cref="FinanceSpend"/> does.
/// </summary>
static class FinanceVerb
{
    static readonly Option<string?> Ledger = new("--ledger")
    {
        Description = "JSON lines of the requests a provider got and billed, to hold against the facts.", HelpName = "FILE"
    };
    static readonly Option<string?> Tenant = new("--tenant") { Description = "Only this tenant's runs.", HelpName = "T" };
    static readonly Option<DateOnly> From = new("--from") { Description = "First day, as 2026-11-01.", HelpName = "DATE", Required = true };
    static readonly Option<DateOnly> To = new("--to") { Description = "Last day, included.", HelpName = "DATE", Required = true };
    static readonly Option<string> List = new("--list")
    {
        Description = "Version of the price list to value by; see 'agents prices list'.", HelpName = "VERSION", Required = true
    };
    static readonly Option<bool> Apply = new("--apply") { Description = "Run it on the database, instead of printing it." };
    static readonly Option<bool> Password = new("--password-stdin")
    {
        Description = "Let the role log in, with the password that is the first line of the standard input."
    };

    public static Command Create(Verb verb)
    {
        var finance = Proofs(verb);
        foreach (var command in FinanceSpend.Create(verb)) finance.Subcommands.Add(command);
        return finance;
    }

    static Command Proofs(Verb verb) =>
        new("finance", "Proves the books, settles unconfirmed spend, values calls by other prices, makes a role to read them.")
    {
        verb.Does(
            new("reconcile", "Proves that facts, ledger, views and dashboard have the same money, to the last digit.") { Ledger, Tenant }, Reconcile),
        verb.Does(new("reprice", "Values the calls of some days by another price list, beside what they cost.") { From, To, List, Tenant }, Reprice),
        verb.Does(
            new("role", $"Prints the SQL that makes {FinanceRole.Name}, a role that reads schema finance and nothing else.") { Apply, Password },
            Role),
    };

    static async Task<int> Reconcile(Call call, CancellationToken ct)
    {
        var ledger = call.Parsed.GetValue(Ledger);
        if (ledger is not null && !File.Exists(ledger)) throw new VerbException(ExitCodes.Usage, $"There is no file {ledger}.");

        await using var database = await CallDatabase.Open(call, ct);
        var report = await Reconciliation.Run(
            database.ConnectionString, ledger, call.Parsed.GetValue(Tenant), ct) ?? throw CallDatabase.NothingThere(database.Describe());
        return CallDatabase.Print(call, report);
    }

    static async Task<int> Reprice(Call call, CancellationToken ct)
    {
        await using var database = await CallDatabase.Open(call, ct);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var (from, to, list) = (call.Parsed.GetValue(From), call.Parsed.GetValue(To), call.Parsed.GetValue(List)!);
        if (from > to) throw new VerbException(ExitCodes.Usage, $"{from:yyyy-MM-dd} is after {to:yyyy-MM-dd}.");

        var repriced = await Repricing.Run(source, list, from, to, call.Parsed.GetValue(Tenant), Environment.UserName, ct)
            ?? throw new VerbException(ExitCodes.NothingFound, $"There is no price list {list}. See: agents prices list");
        if (call.IsJson)
            call.Screen.Json(JsonSerializer.SerializeToElement(new { list, from, to, Items = repriced, Next = (string?)null }, Answers.Format));
        else Print(call.Screen, repriced, list);
        return ExitCodes.Ok;
    }

    static void Print(Screen screen, IReadOnlyList<Repriced> repriced, string list)
    {
        var rows = repriced.Select(row => new[]
        {
            row.Tenant, row.Model, Formats.Number(row.Calls), Formats.Usd(row.FirstUsd), Formats.Usd(row.ThenUsd), Signed(row.DifferenceUsd),
            row.Unpriced == 0 ? "" : Formats.Number(row.Unpriced),
        }).ToList();
        Table.Print(screen, ["tenant", "model", ">calls", "$cost", $">by {list}", ">difference", ">not in it"], rows);
    }

    static string Signed(decimal usd) => usd < 0 ? "-" + Formats.Usd(-usd) : usd > 0 ? "+" + Formats.Usd(usd) : Formats.Usd(0);

    static async Task<int> Role(Call call, CancellationToken ct)
    {
        var password = call.Parsed.GetValue(Password) ? await Console.In.ReadLineAsync(ct) : null;
        if (call.Parsed.GetValue(Password) && password is not { Length: >= 12 })
            throw new VerbException(ExitCodes.Usage, "A password has at least 12 characters.");

        var script = FinanceRole.Script(password);
        if (!call.Parsed.GetValue(Apply))
        {
            call.Screen.Output.WriteLine(script);
            return ExitCodes.Ok;
        }

        await using var database = await CallDatabase.Open(call, ct);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await source.Execute(script, null, ct);
        call.Inform(
            $"{FinanceRole.Name} {(password is null ? "cannot log in; grant it to a login of yours" : "can log in")}, and reads schema finance of "
            + $"{database.Describe()}.");
        return ExitCodes.Ok;
    }
}
