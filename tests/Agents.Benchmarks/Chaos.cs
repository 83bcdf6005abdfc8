using System.Globalization;
using System.Text.Json;
using Agents.Crash.Tests;

namespace Agents.Benchmarks;

/// <summary>
/// The crash rig's scenarios in their long form: nodes are killed, stopped, the database crashes, and nothing may be lost, done twice or bought
/// unseen.
/// </summary>
static class Chaos
{
    static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    static IEnumerable<Scenario> Playable => [.. Scenario.All, Scenario.Takeovers, Scenario.Rolling, Scenario.Failover];

    public static async Task<int> Run(string[] args)
    {
        if (args is not [var name, .. var rest] || Playable.FirstOrDefault(known => known.Name == name) is not { } scenario)
        {
            Console.Error.WriteLine("chaos needs one of:");
            foreach (var known in Playable) Console.Error.WriteLine($"  {known.Name,-10} {known.Says}");
            return 2;
        }

        var play = new Play(
            scenario, (int)Number("--seed", Random.Shared.Next()), (int)Number("--runs", 500), (int)Number("--faults", 0),
            Number("--rate", 4), Number("--provider-faults", 0)) 
        {
            QuietWithin = TimeSpan.FromSeconds(Number("--quiet", 300)),
            Nodes = (int)Number("--nodes", 2),
            StaysAway = TimeSpan.FromSeconds(Number("--away", 0)),
        };
        var isJson = rest.Contains("--json");
        var result = await Rig.Run(play, isJson ? _ => { } : Console.WriteLine);

        if (isJson) Console.WriteLine(JsonSerializer.Serialize(result, Format));
        else foreach (var line in result.Lines()) Console.WriteLine(line);
        return result.Holds ? 0 : 1;

        double Number(string option, double otherwise) => Array.IndexOf(rest, option) is >= 0 and var at && at + 1 < rest.Length
            ? double.Parse(rest[at + 1], CultureInfo.InvariantCulture)
            : otherwise;
    }
}
