using System.CommandLine;
using System.Text.Json;
using Agents.Host.Operations.Verification;
using Agents.Host.Postgres;

namespace Agents.Host.Cli;

/// <summary>Proves that the database is sound, or names what is not. Needs no server and starts none.</summary>
static class VerifyVerb
{
    static readonly Option<string?> Ledger = new("--ledger") { Description = "JSON lines of the requests a provider got, to hold against the facts.", HelpName = "FILE" };
    static readonly Option<string?> Tenant = new("--tenant") { Description = "Only this tenant's runs.", HelpName = "T" };

    public static Command Create(Verb verb) =>
        verb.Does(new("verify", "Checks that nothing was lost, done twice or spent unseen.") { Ledger, Tenant }, Run);

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        var ledger = call.Said.GetValue(Ledger);
        if (ledger is not null && !File.Exists(ledger)) throw new VerbException(ExitCodes.Usage, $"There is no file {ledger}.");

        var settings = Settings.Of(call);
        if (settings.GetConnectionString(DatabaseConnection.Name) is not { Length: > 0 }
            && (await EmbeddedServer.Status(call.Data, ct)).State is EmbeddedServerState.NotCreated)
            throw NothingThere(call.Data);

        await using var database = await DatabaseConnection.Find(settings, call.Data, needsDatabase: true);
        var report = await Verification.Run(database.ConnectionString, ledger, call.Said.GetValue(Tenant), ct) ?? throw NothingThere(database.Describe());

        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(new { report.At, report.Holds, Items = report.Invariants, Next = (string?)null }, Answers.Format));
        else Print(call.Screen, report);
        return report.Holds ? ExitCodes.Ok : ExitCodes.Failed;
    }

    static void Print(Screen screen, VerificationReport report)
    {
        foreach (var invariant in report.Invariants)
        {
            var (colour, word) = invariant.Violations == 0 ? ("green", "ok") : ("red", "fail");
            screen.Line($"[{colour}]{word,-4}[/]  {invariant.Id,-3}  {Screen.Safe(invariant.Says)} [grey]{Screen.Safe(Counted(invariant))}[/]");
            foreach (var violation in invariant.Shown) screen.Line($"           {Screen.Safe(violation)}");
            if (invariant.Violations > invariant.Shown.Count) screen.Line($"           and {Formats.Number(invariant.Violations - invariant.Shown.Count)} more");
        }
    }

    static string Counted(Invariant invariant)
    {
        var counted = $"{Formats.Number(invariant.Checked)} checked";
        if (invariant.Violations > 0) counted += $", {Formats.Count(invariant.Violations, "violation")}";
        return invariant.Note is { } note ? $"({counted}; {note})" : $"({counted})";
    }

    static VerbException NothingThere(string where) => new(ExitCodes.NothingFound, $"There is no database of Agents in {where} yet. It is made by the first start.");
}
