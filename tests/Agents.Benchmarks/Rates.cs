using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Agents.Crash.Tests;
using Agents.Host.Postgres;
using Agents.Host.Tests.Models;
using Npgsql;

namespace Agents.Benchmarks;

/// <summary>
/// Two servers as processes of their own work off a backlog against a provider that counts every minute's requests and tokens, and refuses what is
/// above its limits. Its limits are known to the servers; steady load should meet no refusal, and use most of what there is.
/// </summary>
static class Rates
{
    const string Model = "gpt-4o-mini";

    static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>
    /// <c>[--requests N] [--tokens N] [--minutes N] [--runs N] [--learn]</c>, the last for servers that are told the limits by replies alone; 0 when
    /// no limit was exceeded by more than one call, and nothing was refused.
    /// </summary>
    public static async Task<int> Run(string[] args)
    {
        var (requests, tokens) = (Steps.Number(args, "--requests", 120), Steps.Number(args, "--tokens", 1_000_000));
        var (minutes, runs) = (Steps.Number(args, "--minutes", 3), Steps.Number(args, "--runs", 400));
        var directory = Path.Combine(Path.GetTempPath(), $"agents-benchmark-{Guid.CreateVersion7():N}");
        await using var postgres = await EmbeddedServer.Start(directory, new EmbeddedServerOptions { MayDownload = false }, CancellationToken.None);
        await using var provider = await FakeProvider.Start();
        var meter = new Meter(requests, tokens);
        provider.Otherwise(meter.Answer);
        await using var database = NpgsqlDataSource.Create(postgres.ConnectionString);
        (string, string)[] settings = [("Models__Default", Model), ("Workers__MaxRuns", "32")];
        await using var one = await ServerProcess.Start(postgres.ConnectionString, provider.Address, settings);
        await using var other = await ServerProcess.Start(postgres.ConnectionString, provider.Address, settings);
        if (!args.Contains("--learn"))
            (await one.Client.PutAsJsonAsync($"/rates/openai/{Model}", new { requestsPerMinute = requests, tokensPerMinute = tokens }))
                .EnsureSuccessStatusCode();

        var batch = new { items = Enumerable.Range(0, runs).Select(n => new { agent = "research", question = $"What is {n}?" }) };
        (await one.Client.PostAsJsonAsync("/runs/batch", batch)).EnsureSuccessStatusCode();
        await Task.Delay(TimeSpan.FromMinutes(minutes));

        await using var holds = database.CreateCommand("select count(*) from agents.run_queue where state = 'running' and node is not null");
        var figures = meter.Figures(minutes);
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            nodes = 2, limits = new { requestsPerMinute = requests, tokensPerMinute = tokens }, minutes, learned = args.Contains("--learn"), figures,
            runsCompleted = await Count(database, "select count(*) from agents.run_summary where status = 'completed'"),
            runsStopped = await Count(database, "select count(*) from agents.run_summary where status in ('failed', 'parked')"),
            slotsHeldAtTheEnd = (long)(await holds.ExecuteScalarAsync())!,
            runsWaitingForTheRate = await Count(
                database, "select count(*) from agents.run_queue where waits_for = 'rate' and not_before > clock_timestamp()"),
        }, Benchmark.Indented));
        return figures is { Refused: 0 } && figures.MostRequestsInAMinute <= requests + 1
            && figures.TokensAboveTheLimit <= figures.LargestCallTokens ? 0 : 1;
    }

    static async Task<long> Count(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>What the provider has counted.</summary>
    sealed record Figures(int Calls, int Refused, int MostRequestsInAMinute, long MostTokensInAMinute, long TokensAboveTheLimit,
        long LargestCallTokens, double ShareOfLimitUsed);

    /// <summary>Counts in a window that slides. Tokens are those of the reply: what the provider bills.</summary>
    sealed class Meter(int requests, long tokens)
    {
        readonly Lock gate = new();
        readonly Queue<(DateTimeOffset At, long Tokens)> window = new();
        long inWindow, most, largest;
        int mostRequests, calls, refused;

        public FakeReply Answer(FakeRequest request)
        {
            var used = new FakeUsage(100 + (request.Body.Length / 8), 100);
            lock (gate)
            {
                var now = DateTimeOffset.UtcNow;
                while (window.TryPeek(out var oldest) && now - oldest.At >= Window) inWindow -= window.Dequeue().Tokens;
                calls++;
                var cost = (long)used.AllInput + used.AllOutput;
                mostRequests = Math.Max(mostRequests, window.Count + 1);
                most = Math.Max(most, inWindow + cost);
                largest = Math.Max(largest, cost);
                if (window.Count + 1 > requests || inWindow + cost > tokens)
                {
                    refused++;
                    return new() { Status = 429, Text = "Rate limit reached.", Headers = Headers("5") };
                }

                window.Enqueue((now, cost));
                inWindow += cost;
                return FakeReply.Answer(
                    $"These are the words of reply {request.Number}.", used) with { Delay = TimeSpan.FromMilliseconds(200), Headers = Headers() };
            }
        }

        public Figures Figures(int minutes)
        {
            lock (gate)
                return new(calls, refused, mostRequests, most, Math.Max(0, most - tokens), largest,
                    Math.Round((double)(calls - refused) / (requests * minutes), 3));
        }

        Dictionary<string, string> Headers(string? retryAfter = null)
        {
            var headers = new Dictionary<string, string>
            {
                ["x-ratelimit-limit-requests"] = requests.ToString(CultureInfo.InvariantCulture),
                ["x-ratelimit-limit-tokens"] = tokens.ToString(CultureInfo.InvariantCulture),
            };
            if (retryAfter is not null) headers["Retry-After"] = retryAfter;
            return headers;
        }
    }
}
