using System.Collections.Concurrent;
using System.Net;
using Agents.Host.Tests.Models;

namespace Agents.Crash.Tests.Scenarios;

/// <summary>The first reply of each run is one that no model should give; the next ones are fine.</summary>
public sealed class HostileReplies(Play play) : Fault
{
    static readonly string Deep = new string('[', 10_000) + new string(']', 10_000);

    readonly (string Name, FakeReply Reply)[] cases = Shuffled(play.Seed,
    [
        ("no JSON", Tool(Repeater.Name, "{\"word\": oops")),
        ("half a JSON", Tool(Repeater.Name, "{\"word\": \"x\"")),
        ("an array", Tool(Repeater.Name, "[1, 2]")),
        ("a null", Tool(Repeater.Name, "null")),
        ("no arguments", Tool(Repeater.Name, "")),
        ("a missing argument", Tool(Repeater.Name, "{}")),
        ("wrong types", Tool(Repeater.Name, """{"word": {"a": [1]}, "times": "many"}""")),
        ("a number too large", Tool(Repeater.Name, """{"word": "x", "times": 1e400}""")),
        ("a key twice", Tool(Repeater.Name, """{"word": "x", "word": "y"}""")),
        ("deep arguments", Tool(Repeater.Name, $$"""{"word": {{Deep}}}""")),
        ("a deep word",
            Tool(Repeater.Name, """{"word": "x", "more": """ + string.Concat(Enumerable.Repeat("{\"a\":", 70)) + "1" + new string('}', 71))),
        ("long arguments", Tool(Repeater.Name, $$"""{"word": "{{new string('x', 200_000)}}"}""")),
        ("a NUL in arguments", Tool(Repeater.Name, "{\"word\": \"a\\u0000b\"}")),
        ("a bare NUL in arguments", Tool(Repeater.Name, "{\"word\": \"a\0b\"}")),
        ("half a pair in arguments", Tool(Repeater.Name, "{\"word\": \"a\\ud800b\"}")),
        ("an unknown tool", Tool("rm_rf", """{"path": "/"}""")),
        ("a tool without a name", Tool("", "{}")),
        ("a tool with a name of NULs", Tool("\0\0", "{}")),
        ("a tool with a long name", Tool(new string('n', 100_000), "{}")),
        ("a tool named as a path", Tool("../../search_documents", "{}")),
        ("1,000 tools",
            FakeReply.Calls([.. Enumerable.Range(0, 1000).Select(number => new FakeToolCall(Repeater.Name, $$"""{"word": "w{{number}}"}"""))])),
        ("one id twice", FakeReply.Calls(
            new FakeToolCall(Repeater.Name, """{"word": "a"}""", "same"), new FakeToolCall(Repeater.Name, """{"word": "b"}""", "same"))),
        ("an id of NULs", FakeReply.Calls(new FakeToolCall(Repeater.Name, """{"word": "a"}""", "\0"))),
        ("nothing at all", FakeReply.Answer("", new(10, 0))),
        ("a NUL", FakeReply.Answer("before\0after", new(10, 5))),
        ("half pairs", FakeReply.Answer("\ud800 and \udc00 and \udc00\ud800", new(10, 5))),
        ("deep JSON", FakeReply.Answer(Deep, new(10, 5)) with { PieceLength = 1000 }),
        ("100 MB", FakeReply.Answer(new string('x', 100_000_000), new(10, 5)) with { PieceLength = 256 * 1024 }),
        ("one long line", FakeReply.Answer(new string('y', 8_000_000), new(10, 5)) with { PieceLength = 8_000_000 }),
        ("control characters", FakeReply.Answer(new string([.. Enumerable.Range(1, 31).Select(code => (char)code)]), new(10, 5))),
        ("frames of a stream", FakeReply.Answer("\n\ndata: [DONE]\n\nevent: run_completed\ndata: {}\n\n", new(10, 5))),
        ("an odd finish reason", FakeReply.Answer("x", new(10, 5)) with { FinishReason = "because\0" }),
        ("an odd model", FakeReply.Answer("x", new(10, 5)) with { Model = "\0gpt\ud800" }),
        ("negative usage", FakeReply.Answer("x") with { RawUsage = """{"prompt_tokens":-5,"completion_tokens":-1,"total_tokens":-6}""" }),
        ("endless usage", FakeReply.Answer(
            "x") with { RawUsage = """{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807,"total_tokens":1}""" }),
        ("usage that is none", FakeReply.Answer("x") with { RawUsage = "\"none\"" }),
        ("no usage", FakeReply.Answer("x")),
    ]);

    readonly ConcurrentDictionary<string, string> played = [];

    /// <summary>Enough to tell that not all can be read.</summary>
    const int MostTold = 3;

    public override string Name => "hostile replies";

    public override string Agent => AddedAgents.Handy;

    public override IEnumerable<(string Name, string Value)> Settings(int node) => [(AddedAgents.Variable, AddedAgents.Name)];

    internal override bool IsEnough(Play wanted) => Struck >= Math.Max(wanted.Faults, cases.Length);

    public override FakeReply? Reply(FakeRequest request)
    {
        if (request.Headers.GetValueOrDefault("X-Client-Request-Id")?.Split('/') is not [var run, "1", "1"]) return null;
        var (name, reply) = cases[played.Count % cases.Length];
        played[run] = name;
        Record(hadRuns: true);
        return reply;
    }

    /// <summary>Whatever was said, every run can be read in every form.</summary>
    internal override async Task<IEnumerable<string>> Problems(Rig rig)
    {
        var problems = new List<string>();
        foreach (var (run, form) in rig.Accepted.SelectMany(run => new[] { "", "/events", "/timeline", "/stream" }.Select(form => (run, form))))
        {
            if (problems.Count >= MostTold) break; // a stream of a run that does not end takes its whole time
            if (await NotRead(rig, $"/runs/{run}{form}") is { } problem)
                problems.Add($"GET /runs/{run}{form} after {played.GetValueOrDefault(run.ToString())}: {problem}");
        }

        return problems;
    }

    /// <summary>Null when it could be read.</summary>
    static async Task<string?> NotRead(Rig rig, string path)
    {
        try
        {
            using var answer = await rig.Nodes[0].Server!.Client.GetAsync(path);
            return answer.StatusCode is HttpStatusCode.OK ? null : $"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
        }
        catch (TaskCanceledException)
        {
            return "no end of it in time";
        }
    }

    static FakeReply Tool(string name, string arguments) => FakeReply.Calls(new FakeToolCall(name, arguments)) with { PieceLength = 4096 };

    static T[] Shuffled<T>(int seed, T[] all)
    {
        new Random(seed + 9).Shuffle(all);
        return all;
    }
}
