using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using Agents.Domain.Definitions;
using Agents.Host.Tools;

namespace Agents.Benchmarks;

/// <summary>A tool that notes when it is called first with a word.</summary>
[Tool("note_time")]
public sealed class NoteTime
{
    static readonly ConcurrentDictionary<string, TaskCompletionSource<long>> Awaited = new();

    [Description("Notes the time.")]
    public static string Run(string word)
    {
        Of(word).TrySetResult(Stopwatch.GetTimestamp());
        return word;
    }

    /// <summary>When the tool was called with this word.</summary>
    public static Task<long> Called(string word) => Of(word).Task;

    static TaskCompletionSource<long> Of(string word) => Awaited.GetOrAdd(word, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <summary>How long after its request is sent a run does its first step, on a server that has nothing else to do.</summary>
static class FirstStep
{
    const string Agent = "noter";

    static readonly AgentDefinition Noter = new()
    {
        Name = Agent,
        Steps = [new ToolStep("note", new("note_time"), new Dictionary<string, Argument> { ["word"] = new Argument.Question() })],
    };

    /// <summary><c>[--runs N] [--pause MS]</c>; 0 when it ran.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (runs, pause) = (Steps.Number(args, "--runs", 200), Steps.Number(args, "--pause", 50));
        await using var server = await BenchmarkServer.Start([Noter]);
        for (var n = 0; n < runs / 4; n++) await Once(server, $"warm up {n}");

        var took = new List<double>();
        for (var n = 0; n < runs; n++)
        {
            await Task.Delay(pause);
            took.Add(await Once(server, $"run {n}"));
        }

        took.Sort();
        Console.WriteLine(JsonSerializer.Serialize(
            new { runs, pauseMs = pause, msToFirstStep = new { p50 = At(0.5), p95 = At(0.95), most = Math.Round(took[^1], 2) } }, Benchmark.Indented));
        return 0;

        double At(double share) => Math.Round(took[(int)(share * (took.Count - 1))], 2);
    }

    /// <summary>Milliseconds.</summary>
    static async Task<double> Once(BenchmarkServer server, string question)
    {
        var sent = Stopwatch.GetTimestamp();
        await server.Queue(Agent, question);
        return Stopwatch.GetElapsedTime(sent, await NoteTime.Called(question)).TotalMilliseconds;
    }
}
