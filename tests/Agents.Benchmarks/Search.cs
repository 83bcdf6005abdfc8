using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Agents.Host.Knowledge;
using Agents.Host.Platform;

namespace Agents.Benchmarks;

/// <summary>Time of a search over many passages of invented text, in which words are as rare as in a language (by Zipf's law).</summary>
static class Search
{
    const int Words = 50_000;
    const int WordsOfADocument = 20_000;
    const int Found = 10;

    /// <summary><c>[--passages N] [--searches N]</c>; 0 when it ran.</summary>
    public static async Task<int> Run(string[] args)
    {
        var (passages, searches) = (Steps.Number(args, "--passages", 20_000), Steps.Number(args, "--searches", 200));
        var random = new Random(13);
        await using var server = await BenchmarkServer.Start([]);
        var started = Stopwatch.GetTimestamp();
        var stored = 0L;
        for (var n = 0; stored < passages; n++)
        {
            using var document = new StringContent(Document(random), Encoding.UTF8, "text/markdown");
            using var answer = await server.Client.PostAsync($"/documents?source=invented/{n}.md", document);
            answer.EnsureSuccessStatusCode();
            stored = await server.Scalar<long>("select count(*) from agents.passage");
        }

        var ingest = Stopwatch.GetElapsedTime(started);
        await server.Execute("analyze");
        var index = server.Service<PassageIndex>();
        var took = new List<double>();
        for (var n = -20; n < searches; n++)
        {
            var question = string.Join(' ', Enumerable.Range(0, 8).Select(_ => Word(random)));
            var asked = Stopwatch.GetTimestamp();
            await index.Search(Tenants.Default, question, Found);
            if (n >= 0) took.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }

        took.Sort();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            passages = stored, passagesPerSecondStored = Math.Round(stored / ingest.TotalSeconds), searches,
            ms = new { p50 = Math.Round(took[took.Count / 2], 2), p95 = Math.Round(took[took.Count * 95 / 100], 2) },
        }, Benchmark.Indented));
        return 0;
    }

    static string Document(Random random)
    {
        var text = new StringBuilder();
        for (var n = 0; n < WordsOfADocument; n++)
        {
            if (n % 400 == 0) text.Append("\n\n## ").Append(Word(random)).Append("\n\n");
            text.Append(Word(random)).Append(n % 15 == 14 ? ". " : " ");
        }

        return text.ToString();
    }

    /// <summary>The word of rank r with a probability of about 1 / r.</summary>
    static string Word(Random random)
    {
        var rank = (int)Math.Exp(random.NextDouble() * Math.Log(Words));
        var word = new StringBuilder();
        for (var left = rank * 7919L + 17; left > 0; left /= 20) word.Append("bcdfghklmn"[(int)(left % 10)]).Append("ai"[(int)(left / 10 % 2)]);
        return word.ToString();
    }
}
