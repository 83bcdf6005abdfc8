using System.Diagnostics;
using System.Text.Json;
using Agents.Crash.Tests;
using Agents.Host.Tests.Models;
using Agents.Host.Postgres;
using Npgsql;

namespace Agents.Benchmarks;

/// <summary>
/// How long a server needs from its start until it is ready, on a database that it knows, and how long after <c>kill -9</c> the first run goes on in the
/// process that is started at once.
/// </summary>
static class Start
{
    /// <summary>How long the model takes to answer, in the middle of which the server is killed.</summary>
    static readonly TimeSpan Call = TimeSpan.FromSeconds(30);

    /// <summary><c>[--tries N] [--server DIR]</c>; 0 when it ran.</summary>
    public static async Task<int> Run(string[] args)
    {
        var directory = Path.Combine(Path.GetTempPath(), $"agents-benchmark-{Guid.CreateVersion7():N}");
        try
        {
            await Measure(directory, Steps.Number(args, "--tries", 5), FolderIn(args));
            return 0;
        }
        finally
        {
            await EmbeddedServer.Reset(directory, CancellationToken.None);
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <param name="build">Where another build of the server is; empty for the one beside this program.</param>
    static async Task Measure(string directory, int tries, (string Name, string Value)[] build)
    {
        await using var postgres = await EmbeddedServer.Start(directory, new EmbeddedServerOptions { MayDownload = false }, CancellationToken.None);
        await using var provider = await FakeProvider.Start();
        provider.Otherwise(_ => new FakeReply { Text = "Too late.", Delay = Call });
        await using var database = NpgsqlDataSource.Create(postgres.ConnectionString);
        await (await ServerProcess.Start(postgres.ConnectionString, provider.Address, build)).DisposeAsync(); // the first start makes the tables

        var (ready, goesOn, readyAgain) = (new List<double>(), new List<double>(), new List<double>());
        for (var n = 0; n < tries; n++)
        {
            var started = Stopwatch.GetTimestamp();
            await using var server = await ServerProcess.Start(postgres.ConnectionString, provider.Address, build);
            ready.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);

            var run = await server.Runs.Queue("What is asked when the server dies?");
            await Until(database, $"select exists (select from agents.mt_events where stream_id = '{run}' and type = 'model_call_started')");
            var last = await Scalar<long>(database, "select max(seq_id) from agents.mt_events");
            var killed = Stopwatch.GetTimestamp();
            await server.Kill();
            await using var next = ServerProcess.Launch(postgres.ConnectionString, provider.Address, build);
            var isReady = Task.Run(async () =>
            {
                await next.Ready();
                return Stopwatch.GetElapsedTime(killed).TotalMilliseconds;
            });
            await Until(database, $"select exists (select from agents.mt_events where seq_id > {last})");
            goesOn.Add(Stopwatch.GetElapsedTime(killed).TotalMilliseconds);
            readyAgain.Add(await isReady);
            (await next.Client.PostAsync($"/runs/{run}/cancel", null)).EnsureSuccessStatusCode(); // the next try has the server to itself
            await Until(database, "select not exists (select from agents.run_queue)");
        }

        Console.WriteLine(JsonSerializer.Serialize(
            new { tries, readyMs = Of(ready), killedToReadyMs = Of(readyAgain), killedToFirstFactMs = Of(goesOn) }, Benchmark.Indented));
    }

    static (string Name, string Value)[] FolderIn(string[] args) =>
        Array.IndexOf(args, "--server") is >= 0 and var at && at + 1 < args.Length ? [(ServerProcess.Folder, Path.GetFullPath(args[at + 1]))] : [];

    static object Of(List<double> took)
    {
        took.Sort();
        return new { least = Math.Round(took[0]), median = Math.Round(took[took.Count / 2]), most = Math.Round(took[^1]) };
    }

    static async Task Until(NpgsqlDataSource database, string condition)
    {
        while (!await Scalar<bool>(database, condition)) await Task.Delay(5);
    }

    static async Task<T> Scalar<T>(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
