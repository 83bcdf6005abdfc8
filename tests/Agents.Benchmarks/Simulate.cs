using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Agents.Crash.Tests.Simulation;

namespace Agents.Benchmarks;

/// <summary>Lives as many simulated runs as asked for and prints what happened in them.</summary>
static class Simulate
{
    const int Portion = 50_000;
    const int ShownViolations = 20;

    /// <summary>
    /// <c>[--seeds N] [--from N] [--mutant NAME] [--story SEED] [--json]</c>; 0 when all held, 1 when something did not, 2 when called wrongly.
    /// </summary>
    public static int Run(string[] args)
    {
        if (!Enum.TryParse<Mutant>(Option(args, "--mutant") ?? "None", out var mutant)
            || !int.TryParse(Option(args, "--seeds") ?? "1000000", NumberStyles.None, CultureInfo.InvariantCulture, out var seeds)
            || !int.TryParse(Option(args, "--from") ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            || !int.TryParse(Option(args, "--story") ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var story))
        {
            Console.Error.WriteLine(
                $"simulate [--seeds N] [--from N] [--mutant {string.Join('|', Enum.GetNames<Mutant>())}] [--story SEED] [--json]");
            return 2;
        }

        if (args.Contains("--story"))
        {
            Console.WriteLine(Seeds.Story(story, mutant));
            return 0;
        }

        var (tally, violations, started) = (new Tally(), new List<(int Seed, ViolationException Violation)>(), Stopwatch.GetTimestamp());
        for (var done = 0; done < seeds; done += Portion)
        {
            var (more, found) = Seeds.Run(from + done, Math.Min(Portion, seeds - done), mutant);
            tally.Add(more);
            violations.AddRange(found.Take(ShownViolations - violations.Count));
        }

        Print(tally, violations, mutant, Stopwatch.GetElapsedTime(started), args.Contains("--json"));
        return tally.Violations == 0 ? 0 : 1;
    }

    static void Print(Tally tally, List<(int Seed, ViolationException Violation)> violations, Mutant mutant, TimeSpan took, bool asJson)
    {
        var (seconds, perSecond) = (Math.Round(took.TotalSeconds, 1), Math.Round(tally.Seeds / took.TotalSeconds));
        if (asJson)
        {
            var broken = violations.Select(found => new { found.Seed, Invariant = found.Violation.Invariant.ToString(), found.Violation.Message });
            var printed = new { Mutant = mutant.ToString(), Tally = tally, Seconds = seconds, SeedsPerSecond = perSecond, Broken = broken };
            Console.WriteLine(JsonSerializer.Serialize(printed, Benchmark.Indented));
            return;
        }

        Console.WriteLine(FormattableString.Invariant(
            $"""
            mutant               {mutant,14}
            seeds                {tally.Seeds,14:N0}
            ticks                {tally.Ticks,14:N0}
            facts stored         {tally.Facts,14:N0}
            provider requests    {tally.Requests,14:N0}
            crashes              {tally.Crashes,14:N0}
            pauses               {tally.Pauses,14:N0}
            duplicates           {tally.Duplicates,14:N0}
            lost messages        {tally.LostMessages,14:N0}
            wrong verdicts       {tally.WrongVerdicts,14:N0}
            redrives             {tally.Redrives,14:N0}
            stale writes refused {tally.StaleWrites,14:N0}
            unconfirmed          {tally.Unconfirmed,14:N0}
            resolved by a reply  {tally.Resolved,14:N0}
            runs completed       {tally.Completed,14:N0}
            runs failed          {tally.Failed,14:N0}
            runs cancelled       {tally.Cancelled,14:N0}
            runs of runs         {tally.Children,14:N0}
            forks                {tally.Forks,14:N0}
            refused by a budget  {tally.Refusals,14:N0}
            waits for a rate     {tally.RateWaits,14:N0}
            drained or stopped   {tally.Drains,14:N0}
            approvals too late   {tally.Expired,14:N0}
            steps skipped        {tally.Skipped,14:N0}
            steps taken again    {tally.TakenAgain,14:N0}
            replies unfit        {tally.Unfit,14:N0}
            violations           {tally.Violations,14:N0}
            seconds              {seconds,14:N1}
            seeds/s              {perSecond,14:N0}
            """));
        foreach (var (seed, violation) in violations) Console.WriteLine($"seed {seed}: {violation.Message}");
    }

    static string? Option(string[] args, string name)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
