using System.Diagnostics;
using Agents.Crash.Tests.Simulation;

namespace Agents.Benchmarks;

/// <summary>
/// Leaves out one protection after the other and tells whether what proves it misses it: in the simulator by another implementation of a port, in a copy
/// of the source by a change of its text.
/// </summary>
static class Mutants
{
    const int Seeds = 2_000;

    /// <returns>1 when a protection was not missed.</returns>
    public static async Task<int> Run(string[] args)
    {
        foreach (var change in PlantedBug.All.SelectMany(bug => bug.Changes)) Planted(Root(), change); // before hours are spent on the others
        var only = Array.IndexOf(args, "--only") is >= 0 and var named && named + 1 < args.Length ? args[named + 1] : null;
        var survivors = only is null ? InSimulator() : 0;
        foreach (var bug in PlantedBug.All.Where(bug => only is null || bug.Protection == only))
            if (!await IsMissed(bug)) survivors++;

        Console.WriteLine(survivors == 0 ? "every protection left out was missed" : $"{survivors} FAILED");
        return survivors == 0 ? 0 : 1;
    }

    static int InSimulator()
    {
        var survivors = 0;
        foreach (var mutant in Enum.GetValues<Mutant>().Skip(1))
        {
            var (_, violations) = Crash.Tests.Simulation.Seeds.Run(from: 0, Seeds, mutant);
            Print($"{mutant}, simulator", violations.Count > 0, violations.Count > 0 ? $"caught: {violations[0].Violation.Invariant}" : "SURVIVED");
            if (violations.Count == 0) survivors++;
        }

        return survivors;
    }

    /// <summary>Builds a copy of the source with the change, and plays in it what must miss the protection.</summary>
    static async Task<bool> IsMissed(PlantedBug bug)
    {
        var copy = Directory.CreateTempSubdirectory("agents-mutant-").FullName;
        try
        {
            Copy(Root(), copy);
            foreach (var change in bug.Changes) Plant(copy, change);
            if (await Dotnet(copy, ["build", "tests/Agents.Benchmarks", "-c", "Release", "-v", "q", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false"]) is not (0, _))
            {
                Print(bug.Protection, isFine: false, "DOES NOT COMPILE");
                return false;
            }

            string[] play = bug.Scenario is { } scenario
                ? ["chaos", scenario, "--seed", "7", "--runs", $"{bug.Runs}", "--faults", $"{bug.Faults}", "--rate", "6", "--quiet", "40"]
                : ["simulate", "--seeds", $"{Seeds}"];
            var (code, said) = await Dotnet(copy, ["run", "--no-build", "-c", "Release", "--project", "tests/Agents.Benchmarks", "--", .. play]);
            Print($"{bug.Protection}, {bug.Scenario ?? "simulator"}", code != 0, code != 0 ? $"caught: {said}" : "SURVIVED");
            return code != 0;
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    static void Plant(string copy, (string File, string Find, string Replacement) change) =>
        File.WriteAllText(Path.Combine(copy, change.File), Planted(copy, change));

    /// <returns>The file with the change.</returns>
    /// <exception cref="InvalidOperationException">The text to change is not there, or not once: the source has changed, and so must the planted bug.</exception>
    static string Planted(string root, (string File, string Find, string Replacement) change)
    {
        var source = File.ReadAllText(Path.Combine(root, change.File));
        var at = source.IndexOf(change.Find, StringComparison.Ordinal);
        if (at < 0 || source.IndexOf(change.Find, at + 1, StringComparison.Ordinal) >= 0)
            throw new InvalidOperationException($"{change.File} does not hold once: {change.Find}");
        return source[..at] + change.Replacement + source[(at + change.Find.Length)..];
    }

    static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Agents.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("Run it from the source.");
        return folder.FullName;
    }

    static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from))
            if (Path.GetFileName(folder) is not ("bin" or "obj" or ".git")) Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    /// <summary>The exit code, and the last line that says why.</summary>
    static async Task<(int Code, string Said)> Dotnet(string folder, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (said, _) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, (await said).Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "");
    }

    static void Print(string what, bool isFine, string found) => Console.WriteLine($"{(isFine ? "ok  " : "FAIL")} {what,-45} {found}");
}
