using Agents.Host.Audit;
using Agents.Host.Cli.Display;
using Agents.Host.Postgres;

namespace Agents.Host.Cli.Database;

/// <summary>The database of a call, for verbs that need no server.</summary>
static class CallDatabase
{
    /// <exception cref="VerbException">There is none yet.</exception>
    public static async Task<DatabaseConnection> Open(Call call, CancellationToken ct)
    {
        var settings = Settings.Of(call);
        if (settings.GetConnectionString(DatabaseConnection.Name) is not { Length: > 0 }
            && (await EmbeddedServer.Status(call.Data, ct)).State is EmbeddedServerState.NotCreated)
            throw NothingThere(call.Data);

        return await DatabaseConnection.Find(settings, call.Data, needsDatabase: true);
    }

    public static VerbException NothingThere(string where) =>
        new(ExitCodes.NothingFound, $"There is no database of Agents in {where} yet. It is made by the first start.");

    /// <summary>What a proof found, line by line, and whether it holds.</summary>
    public static int Print(Call call, VerificationReport report)
    {
        if (call.IsJson)
        {
            var items = new { report.At, report.Holds, Items = report.Invariants, Next = (string?)null };
            call.Screen.Json(System.Text.Json.JsonSerializer.SerializeToElement(items, Answers.Format));
        }
        else
        {
            Print(call.Screen, report);
        }

        return report.Holds ? ExitCodes.Ok : ExitCodes.Failed;
    }

    static void Print(Screen screen, VerificationReport report)
    {
        var width = report.Invariants.Max(invariant => Math.Max(3, invariant.Id.Length));
        foreach (var invariant in report.Invariants)
        {
            var (colour, word) = invariant.Violations == 0 ? ("green", "ok") : ("red", "fail");
            screen.Line(
                $"[{colour}]{word,-4}[/]  {invariant.Id.PadRight(width)}  {Screen.Safe(invariant.Says)} [grey]{Screen.Safe(Counted(invariant))}[/]");
            foreach (var violation in invariant.Shown) screen.Line($"           {Screen.Safe(violation)}");
            if (invariant.Violations > invariant.Shown.Count)
                screen.Line($"           and {Formats.Number(invariant.Violations - invariant.Shown.Count)} more");
        }
    }

    static string Counted(Invariant invariant)
    {
        var counted = $"{Formats.Number(invariant.Checked)} checked";
        if (invariant.Violations > 0) counted += $", {Formats.Count(invariant.Violations, "violation")}";
        return invariant.Note is { } note ? $"({counted}; {note})" : $"({counted})";
    }
}
