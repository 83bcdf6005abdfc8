using Agents.Crash.Tests;
using Agents.Crash.Tests.Simulation;

namespace Agents.Benchmarks;

/// <summary>Leaves out one protection after the other, in the simulator and in real servers, and tells whether what proves it misses it. Needs a build with <c>-p:Mutants=true</c>.</summary>
static class Mutants
{
    const int Seeds = 2_000;

    /// <summary>The protection as the servers know it, and the play that must miss it.</summary>
    static readonly (string Protection, string Scenario, int Runs, int Faults)[] InServers =
    [
        ("expected version", "C10", 40, 2000),
        ("intent before call", "C17", 12, 4),
        ("claim", "C10", 40, 2000),
        ("retry", "C7", 20, 10),
        ("sanitiser", "C18", 10, 1),
        ("message ids", "C10", 5, 50),
        ("watchdog", "C17", 12, 4),
        ("budget condition", "C15", 30, 1),
    ];

    /// <returns>1 when a protection was not missed, or a play does not hold with all of them.</returns>
    public static async Task<int> Run(string[] args)
    {
#if MUTANTS
        var seed = Array.IndexOf(args, "--seed") is >= 0 and var at && at + 1 < args.Length ? int.Parse(args[at + 1], null) : 7;
        var only = Array.IndexOf(args, "--only") is >= 0 and var named && named + 1 < args.Length ? args[named + 1] : null;
        var survivors = only is null ? InSimulator() : 0;
        foreach (var group in InServers.Where(one => only is null || one.Protection == only).GroupBy(one => one.Scenario))
        {
            var control = await Broken(group.First(), seed, left: null);
            Print($"all protections, {group.Key}", control is null, control is null ? "holds" : $"DOES NOT HOLD: {control}");
            if (control is not null) survivors++;
            foreach (var one in group)
            {
                var found = await Broken(one, seed, one.Protection);
                Print($"{one.Protection}, {one.Scenario}", found is not null, found is null ? "SURVIVED" : $"caught: {found}");
                if (found is null) survivors++;
            }
        }

        Console.WriteLine(survivors == 0 ? "every protection left out was missed" : $"{survivors} FAILED");
        return survivors == 0 ? 0 : 1;
#else
        Console.Error.WriteLine("The protections are not in reach of this build: dotnet run -c Release -p:Mutants=true --project tests/Agents.Benchmarks -- mutants");
        await Task.CompletedTask;
        return 2;
#endif
    }

#if MUTANTS
    static int InSimulator()
    {
        var survivors = 0;
        foreach (var mutant in Enum.GetValues<Mutant>().Skip(1))
        {
            var (_, violations) = Crash.Tests.Simulation.Seeds.Run(from: 0, Seeds, mutant);
            Print($"{mutant}, simulator", violations.Count > 0, violations.Count > 0 ? $"caught: {violations[0].Violation.Invariant} in {violations.Count} of {Seeds} seeds" : "SURVIVED");
            if (violations.Count == 0) survivors++;
        }

        return survivors;
    }

    /// <summary>What was missed first; null when everything holds.</summary>
    static async Task<string?> Broken((string Protection, string Scenario, int Runs, int Faults) one, int seed, string? left)
    {
        var play = new Play(Scenario.Named(one.Scenario), seed, one.Runs, one.Faults, RunsPerSecond: 6)
        {
            QuietWithin = TimeSpan.FromSeconds(left is null ? 240 : 40),
            Settings = left is null ? [] : [("AGENTS_MUTANT", left)],
        };
        try
        {
            var result = await Rig.Run(play, _ => { });
            var broken = result.Report.Invariants.Where(invariant => invariant.Violations > 0).Select(invariant => $"{invariant.Id} {invariant.Violations} times, such as {invariant.Shown[0]}");
            return result.Holds ? null : string.Join("; ", broken.Concat(result.Problems.Select(problem => problem.Split('\n')[0])).Take(3));
        }
        catch (TimeoutException stuck)
        {
            return stuck.Message.Split('\n')[0];
        }
    }

    static void Print(string what, bool isFine, string found) => Console.WriteLine($"{(isFine ? "ok  " : "FAIL")} {what,-45} {found}");
#endif
}
