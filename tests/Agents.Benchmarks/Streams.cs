using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Agents.Host.Engine.Signals;

namespace Agents.Benchmarks;

/// <summary>What streams do under many readers, readers that are cut, and readers that sit still.</summary>
static class Streams
{
    static readonly TimeSpan Word = TimeSpan.FromMilliseconds(10);

    /// <summary>Readers whose connection is cut again and again, at either of two nodes: what each got, put together, must be the log.</summary>
    public static async Task<int> Readers(string[] args)
    {
        var (readers, cuts, runs) = (Steps.Number(args, "--readers", 1000), Steps.Number(args, "--cuts", 20), Steps.Number(args, "--runs", 20));
        await using var cluster = await StreamCluster.Start(2, TimeSpan.FromMilliseconds(100));
        var ids = new List<Guid>();
        for (var run = 0; run < runs; run++) ids.Add(await cluster.Nodes[run % 2].Runs.Queue($"Who reads {run}?"));

        var took = Stopwatch.StartNew();
        var got = await Task.WhenAll(Enumerable.Range(0, readers).Select(seed => Task.Run(() => Read(cluster, ids[seed % runs], new(seed), cuts))));
        took.Stop();

        var logs = new Dictionary<Guid, List<string>>();
        foreach (var id in ids)
            logs[id] = [.. (await cluster.Nodes[0].Client.GetFromJsonAsync<JsonElement>($"/runs/{id}/events")).GetProperty("items").EnumerateArray()
                .Select(item => item.GetRawText())];
        var wrong = got.Where((facts, seed) => !facts.Facts.SequenceEqual(logs[ids[seed % runs]])).Count();
        Print(new
        {
            readers, cuts, runs, nodes = 2, connections = got.Sum(one => one.Connections), fewestCutsOfOne = got.Min(one => one.Connections) - 1,
            factsRead = got.Sum(one => one.Facts.Count),
            seconds = Math.Round(took.Elapsed.TotalSeconds, 1), readersThatDifferFromTheLog = wrong,
        });
        return wrong == 0 ? 0 : 1;
    }

    static async Task<(List<string> Facts, int Connections)> Read(StreamCluster cluster, Guid id, Random random, int cuts)
    {
        var (facts, last, connections) = (new List<string>(), (string?)null, 0);
        while (true)
        {
            var isCut = connections < cuts;
            var left = isCut ? random.Next(4) / 3 : int.MaxValue; // few, for a run has about thirty facts
            connections++;
            await foreach (var frame in cluster.Frames(cluster.Nodes[random.Next(2)], $"/runs/{id}/stream", last))
            {
                if (frame.Data == "[DONE]") return (facts, connections);
                if (frame.EventType is "delta" or "attempt_reset")
                {
                    if (isCut && random.Next(20) == 0) break; // in the middle of a reply, too
                    continue;
                }

                facts.Add(frame.Data);
                last = JsonDocument.Parse(frame.Data).RootElement.GetProperty("version").GetRawText();
                if (left-- <= 0) break;
            }
        }
    }

    /// <summary>
    /// From a fact's time in the log to its reader, at the node that wrote it and at the other; and from asking for a run to its first event.
    /// </summary>
    public static async Task<int> Latency(string[] args)
    {
        var (readers, rounds, runs) = (Steps.Number(args, "--readers", 200), Steps.Number(args, "--rounds", 5), Steps.Number(args, "--runs", 10));
        await using var cluster = await StreamCluster.Start(2, TimeSpan.FromMilliseconds(Steps.Number(args, "--word", 100)));
        var (same, other, first, words) = (new Milliseconds(), new Milliseconds(), new Milliseconds(), new Milliseconds());
        for (var round = -1; round < rounds; round++) // the first one warms up
        {
            var ids = new List<Guid>();
            for (var run = 0; run < runs; run++)
            {
                var (asked, node) = (Stopwatch.StartNew(), cluster.Nodes[run % 2]);
                var id = await node.Runs.Queue($"How late is {round} {run}?");
                ids.Add(id);
                await foreach (var _ in cluster.Frames(node, $"/runs/{id}/stream")) break;
                if (round >= 0) first.Add(asked.Elapsed);
            }

            var seen = new ConcurrentBag<(Guid Run, string Version, DateTimeOffset At, bool IsSame)>();
            await Task.WhenAll(Enumerable.Range(0, readers).Select(async reader =>
            {
                var (id, node) = (ids[reader % runs], cluster.Nodes[reader / runs % 2]);
                string? worker = null;
                var live = false;
                await foreach (var frame in cluster.Frames(node, $"/runs/{id}/stream"))
                {
                    var now = DateTimeOffset.UtcNow;
                    if (frame.Data == "[DONE]" || frame.EventType is "attempt_reset") continue;
                    if (frame.EventType is "delta")
                    {
                        live = true; // whatever came before may have been there already
                        continue;
                    }

                    var fact = JsonDocument.Parse(frame.Data).RootElement;
                    if (frame.EventType == "run_started") worker = fact.GetProperty("data").GetProperty("worker").GetString();
                    if (!live || round < 0 || worker is null) continue;
                    seen.Add((id, frame.EventId!, now, worker.Contains($"-{node.Id}-", StringComparison.Ordinal)));
                }
            }));

            var committed = await cluster.CommitTimes(ids);
            foreach (var (run, version, at, isSame) in seen) (isSame ? same : other).Add(at - committed[(run, version)]);
        }

        Print(new { readers, rounds, runsAtOnce = runs, load = File.ReadAllText("/proc/loadavg").Trim(), commitToReaderSameNodeMs = same.Figures(),
            commitToReaderOtherNodeMs = other.Figures(), postToFirstEventMs = first.Figures() });
        return 0;
    }

    /// <summary>Many readers that sit still beside runs that do not: what a reader costs, and how late the others' events are.</summary>
    public static async Task<int> Idle(string[] args)
    {
        var (readers, active, seconds) = (
            Steps.Number(args, "--readers", 10_000), Steps.Number(args, "--active", 50), Steps.Number(args, "--seconds", 30));
        const int Still = 100;
        await using var cluster = await StreamCluster.Start(1, Word, ("Workers__MaxRuns", "64"));
        var node = cluster.Nodes[0];
        await cluster.Execute("create extension if not exists pg_stat_statements");
        var still = new List<Guid>();
        while (still.Count < Still)
        {
            var id = await node.Runs.Queue($"Who waits {still.Count}?");
            using var paused = await node.Client.PostAsJsonAsync($"/runs/{id}/pause", new { reason = "to be waited for" });
            if (paused.IsSuccessStatusCode) still.Add(id); // else it had ended already
        }

        await Activity(cluster, active, 5); // warm up
        var before = await Activity(cluster, active, seconds);
        var memory = MemoryOf(node.Id);
        using var client = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "idle-client", node.Client.BaseAddress!.Port.ToString(CultureInfo.InvariantCulture),
                readers.ToString(CultureInfo.InvariantCulture), string.Join(',', still) },
            RedirectStandardOutput = true, RedirectStandardInput = true,
        })!;
        var connecting = Stopwatch.StartNew();
        var connected = await client.StandardOutput.ReadLineAsync();
        connecting.Stop();
        await Task.Delay(TimeSpan.FromSeconds(20)); // past the first heartbeat
        var with = MemoryOf(node.Id);
        var during = await Activity(cluster, active, seconds);
        client.StandardInput.Close();
        var last = await client.StandardOutput.ReadToEndAsync();

        Print(new
        {
            load = File.ReadAllText("/proc/loadavg").Trim(), idleReaders = connected,
            secondsToConnect = Math.Round(connecting.Elapsed.TotalSeconds, 1), heartbeats = last.Trim(),
            residentMiBBefore = memory / 1024, residentMiBWith = with / 1024, residentKiBPerReader = Math.Round((with - memory) / (double)readers, 1),
            activeRuns = active, withoutIdleReaders = before, withIdleReaders = during,
        });
        return 0;
    }

    /// <summary>So many runs at a time, each with a reader, for so long.</summary>
    static async Task<object> Activity(StreamCluster cluster, int active, int seconds)
    {
        var (lag, done, took) = (new Milliseconds(), 0, Stopwatch.StartNew());
        var statements = await cluster.Statements();
        await Task.WhenAll(Enumerable.Range(0, active).Select(async run =>
        {
            while (took.Elapsed < TimeSpan.FromSeconds(seconds))
            {
                var id = await cluster.Nodes[0].Runs.Queue($"Who is busy with {run}?");
                var isFirst = true;
                await foreach (var frame in cluster.Frames(cluster.Nodes[0], $"/runs/{id}/stream"))
                {
                    var now = DateTimeOffset.UtcNow;
                    if (frame.Data == "[DONE]" || frame.EventType is "delta" or "attempt_reset") continue;
                    if (!isFirst) lag.Add(now - JsonDocument.Parse(frame.Data).RootElement.GetProperty("at").GetDateTimeOffset());
                    isFirst = false;
                }

                Interlocked.Increment(ref done);
            }
        }));
        took.Stop();
        statements = await cluster.Statements() - statements;
        await Task.Delay(TimeSpan.FromSeconds(2));
        var quiet = await cluster.Statements();
        await Task.Delay(TimeSpan.FromSeconds(10));
        quiet = await cluster.Statements() - quiet;
        return new
        {
            runsPerSecond = Math.Round(done / took.Elapsed.TotalSeconds, 1), eventLagMs = lag.Figures(),
            statementsPerRun = Math.Round((double)statements / Math.Max(1, done)), statementsPerSecondWithoutRuns = Math.Round((double)quiet / 10, 1),
        };
    }

    /// <summary>The client's side of <see cref="Idle"/>, in a process of its own: bare sockets from several addresses.</summary>
    public static async Task<int> IdleClient(string[] args)
    {
        const int PerAddress = 5_000;
        var (port, readers, runs) = (int.Parse(args[0], null), int.Parse(args[1], null), args[2].Split(','));
        var (sockets, heartbeats) = (new ConcurrentBag<Socket>(), 0L);
        await Parallel.ForEachAsync(Enumerable.Range(0, readers), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (reader, ct) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(new IPAddress([127, 0, 0, (byte)(2 + reader / PerAddress)]), 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), ct);
            await socket.SendAsync(
                Encoding.ASCII.GetBytes($"GET /runs/{runs[reader % runs.Length]}/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"), ct);
            var buffer = new byte[4096];
            await socket.ReceiveAsync(buffer, ct);
            sockets.Add(socket);
            _ = Task.Run(async () =>
            {
                while (await socket.ReceiveAsync(buffer) is > 0 and var received)
                    if (Encoding.ASCII.GetString(buffer, 0, received).Contains(": still here", StringComparison.Ordinal))
                        Interlocked.Increment(ref heartbeats);
            }, ct);
        });
        Console.WriteLine(sockets.Count);
        await Console.In.ReadToEndAsync();
        Console.WriteLine($"{Interlocked.Read(ref heartbeats)}");
        return 0;
    }

    /// <summary>Durable steps per second with the announcements to other nodes on and off, in turn, in one server.</summary>
    public static async Task<int> Signals(string[] args)
    {
        var (runs, pairs) = (Steps.Number(args, "--runs", 200), Steps.Number(args, "--pairs", 6));
        await using var server = await BenchmarkServer.Start([Steps.Idler], "--Workers:MaxRuns=32");
        await server.Execute("create extension if not exists pg_stat_statements");
        var announcements = server.Services<Microsoft.Extensions.Hosting.IHostedService>().OfType<Announcements>().Single();
        await Steps.Engine(server, runs);
        var (on, off) = (new List<double>(), new List<double>());
        for (var pair = 0; pair < pairs; pair++)
        {
            foreach (var isOn in pair % 2 == 0 ? new[] { true, false } : [false, true])
            {
                if (!isOn) await announcements.StopAsync(CancellationToken.None);
                (isOn ? on : off).Add((await Steps.Engine(server, runs)).StepsPerSecond);
                if (!isOn) await announcements.StartAsync(CancellationToken.None);
            }
        }

        var ratios = on.Zip(off, (with, without) => with / without).Order().ToList();
        Print(new { runs, pairs, stepsPerSecondWithSignals = on, stepsPerSecondWithout = off,
            medianRatio = Math.Round((ratios[(pairs - 1) / 2] + ratios[pairs / 2]) / 2, 3) });
        return 0;
    }

    /// <summary>Resident KiB.</summary>
    static long MemoryOf(int process) => File.ReadLines($"/proc/{process}/status")
        .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], null)).Single();

    static void Print(object figures) => Console.WriteLine(JsonSerializer.Serialize(figures, Benchmark.Indented));
}
