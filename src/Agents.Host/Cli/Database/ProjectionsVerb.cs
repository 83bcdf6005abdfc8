using System.CommandLine;
using System.Text.Json;
using Agents.Host.Audit;
using Agents.Host.Cli.Display;
using Npgsql;

namespace Agents.Host.Cli.Database;

/// <summary>
/// Makes read models anew from the facts, beside servers that work. What else <c>projections</c> does is <see cref="Maintenance"/>'s.
/// </summary>
static class ProjectionsVerb
{
    static readonly Option<bool> VerifyOnly = new("--verify") { Description = "Only compares; nothing is replaced." };

    static readonly TimeSpan ToldEvery = TimeSpan.FromSeconds(2);

    public static Command Create(Verb verb) => new("projections", "Read models, which are made from the facts.")
    {
        verb.Does(new("rebuild", "Makes all read models anew from the facts and replaces what differs.") { VerifyOnly }, Run),
    };

    /// <summary>Whether the words are for this verb.</summary>
    public static bool IsMeant(string[] args) => args is ["projections", "rebuild", ..];

    static async Task<int> Run(Call call, CancellationToken ct)
    {
        await using var database = await CallDatabase.Open(call, ct);
        var (isVerifyOnly, told) = (call.Parsed.GetValue(VerifyOnly), System.Diagnostics.Stopwatch.StartNew());
        var report = await Rebuild.Run(database.ConnectionString, isVerifyOnly, (facts, all) =>
        {
            if (told.Elapsed < ToldEvery) return;
            told.Restart();
            call.Inform($"{Formats.Number(facts)} of {Formats.Count(all, "fact")}");
        }, ct) ?? throw CallDatabase.NothingThere(database.Describe());

        if (call.IsJson) call.Screen.Json(JsonSerializer.SerializeToElement(report, Answers.Format));
        else Print(call.Screen, report, isVerifyOnly);
        return report.AreSame || !isVerifyOnly ? ExitCodes.Ok : ExitCodes.Failed;
    }

    static void Print(Screen screen, RebuildReport report, bool isVerifyOnly)
    {
        Table.Print(
            screen, ["read model", ">rows", "by the facts", "stored", ">runs that differ"],
            [.. report.Tables.Select(table => new[]
            {
                table.Name, Formats.Number(table.Rows), table.Facts[..16], table.Stored[..16], Formats.Number(table.Differing),
            })]);
        var rate = report.Facts / Math.Max(0.001, report.Took.TotalSeconds);
        screen.Line($"{Formats.Count(report.Facts, "fact")} of {Formats.Count(report.Runs, "run")} in {Formats.Duration(report.Took)}, "
            + $"{Formats.Number((long)rate)} a second.");
        if (isVerifyOnly) screen.Line(report.AreSame ? "All are what the facts make them." : "To replace what differs: agents projections rebuild");
        else if (report.Swapped > 0)
            screen.Line($"The rows of {Formats.Count(report.Swapped, "run")} were replaced; "
                + $"the longest that one was locked is {Formats.Duration(report.LongestLock)}.");
        else screen.Line("All were what the facts make them; nothing was replaced.");
    }
}
