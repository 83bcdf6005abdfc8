using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Domain.Tests;

/// <summary>
/// Facts and whole runs as released versions have stored them, checked in as files that are never changed. Today's code must read each, write it to the
/// letter, and decide as it was decided then. A new version adds a file: set AGENTS_WRITE_GOLDEN to its name and run these tests once.
/// </summary>
public sealed class GoldenStreamTests
{
    const int StreamsOfAgent = 6;

    const int MostHappenings = 60;

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static readonly Dictionary<string, Type> Types = typeof(RunEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RunEvent)))
        .ToDictionary(EventContractTests.StoredName, StringComparer.Ordinal);

    public static readonly TheoryData<string> Files = [.. Directory.EnumerateFiles(Folder(), "*.json").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void Every_stored_fact_is_read_and_written_as_it_was_stored(string file)
    {
        var golden = Read(file);
        foreach (var fact in golden.Facts.Concat(golden.Streams.SelectMany(stream => stream.Facts)))
        {
            Assert.True(Types.TryGetValue(fact.Type, out var type), $"No fact is called {fact.Type} any more.");
            var read = JsonSerializer.Deserialize(fact.Data, type, StoredJson.Options);
            Assert.Equal(fact.Data, JsonSerializer.Serialize(read, type, StoredJson.Options));
        }
    }

    [Theory, MemberData(nameof(Files))]
    public void Every_stored_run_folds_to_what_it_was_and_is_decided_as_it_was(string file)
    {
        foreach (var stream in Read(file).Streams)
        {
            var agent = JsonSerializer.Deserialize<AgentDefinition>(stream.Definition)!;
            Assert.Equal(stream.DefinitionHash, agent.Hash());
            var history = stream.Facts.Select(fact => (RunEvent)JsonSerializer.Deserialize(fact.Data, Types[fact.Type], StoredJson.Options)!).ToList();
            var run = history.Aggregate(Run.Before(A.Id), Run.Evolve);

            Assert.Equal((stream.Status, stream.CostUsd, stream.ModelCalls, stream.Step), ($"{run.Status}", run.CostUsd, run.ModelCalls, run.Step));
            Assert.Equal(stream.Answer, history.OfType<RunCompleted>().SingleOrDefault()?.Answer);
            Assert.Null(DecisionReplay.Check(A.Id, history, agent));
        }
    }

    [Fact]
    public void The_newest_file_has_every_fact_of_today()
    {
        if (Environment.GetEnvironmentVariable("AGENTS_WRITE_GOLDEN") is { Length: > 0 } name) Write(name);

        var newest = Read(Files.Select(row => row.Data).Last());
        Assert.Equal(Types.Keys.Order(StringComparer.Ordinal), newest.Facts.Select(fact => fact.Type).Order(StringComparer.Ordinal));
        Assert.Equal(EventContractTests.Samples.OrderBy(sample => sample.Name, StringComparer.Ordinal).Select(sample => sample.Json),
            newest.Facts.OrderBy(fact => fact.Type, StringComparer.Ordinal).Select(fact => fact.Data));
        Assert.Equal(RandomHistoriesTests.Agents.Length * StreamsOfAgent, newest.Streams.Count);
    }

    static void Write(string name)
    {
        var streams = new List<GoldenStream>();
        foreach (var (at, agent) in RandomHistoriesTests.Agents.Index())
            for (var number = 0; number < StreamsOfAgent; number++)
            {
                var (random, world) = (new Random((at * 1000) + number), new World(agent));
                for (var happening = random.Next(MostHappenings); happening > 0; happening--) world.Happen(random.Next(100), random.Next(1000));
                for (var kind = 0; kind < 100 && !world.Run.IsFinished() && number % 3 > 0; kind++) world.BeKind();
                streams.Add(Of(world));
            }

        var facts = EventContractTests.Samples.Select(sample => new GoldenFact(sample.Name, sample.Json)).ToList();
        File.WriteAllText(Path.Combine(Folder(), name), JsonSerializer.Serialize(new Golden(facts, streams), Indented) + "\n");
    }

    static GoldenStream Of(World world) => new(
        JsonSerializer.Serialize(world.Agent), world.Agent.Hash(), $"{world.Run.Status}", world.Run.CostUsd, world.Run.ModelCalls, world.Run.Step,
        world.History.OfType<RunCompleted>().SingleOrDefault()?.Answer,
        [.. world.History.Select(fact => new GoldenFact(
            EventContractTests.StoredName(fact.GetType()), JsonSerializer.Serialize(fact, fact.GetType(), StoredJson.Options)))]);

    static Golden Read(string file) => JsonSerializer.Deserialize<Golden>(File.ReadAllText(Path.Combine(Folder(), file)))!;

    static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Golden");

    /// <param name="Facts">One of each kind, with every field filled.</param>
    sealed record Golden(IReadOnlyList<GoldenFact> Facts, IReadOnlyList<GoldenStream> Streams);

    /// <param name="Data">JSON as it was stored, to the letter.</param>
    sealed record GoldenFact(string Type, string Data);

    /// <param name="Definition">JSON that the run obeyed, to the letter.</param>
    sealed record GoldenStream(
        string Definition, string DefinitionHash, string Status, decimal CostUsd, int ModelCalls, int Step, string? Answer, IReadOnlyList<GoldenFact> Facts);
}
