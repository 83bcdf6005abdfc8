using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agents.Domain.Runs;
using Agents.Host.Knowledge;
using Agents.Host.Platform;
using Agents.Host.Samples;
using Marten;

namespace Agents.Benchmarks;

/// <summary>
/// Measures retrieval and answers of real runs of the agent <c>research</c> with the offline model, on a folder of documents and a file of questions.
/// </summary>
public static partial class Retrieval
{
    const string Tenant = Tenants.Default;

    /// <summary><c>--corpus DIR --questions FILE [--json] [--misses [--answers]]</c>; 0 when it ran, 2 when called wrongly.</summary>
    public static async Task<int> Run(string[] args)
    {
        if (Option(args, "--corpus") is not { } corpus || Option(args, "--questions") is not { } file)
        {
            await Console.Error.WriteLineAsync("retrieval --corpus DIR --questions FILE [--json] [--misses [--answers]]");
            return 2;
        }

        await using var server = await BenchmarkServer.Start([]);
        var took = Stopwatch.StartNew();
        var ingested = await server.Service<Ingest>().Folder(Tenant, corpus);
        took.Stop();

        await server.Service<PassageIndex>().Search(Tenant, "warm up the connection and the index", 1);
        var outcomes = new List<Outcome>();
        foreach (var question in Question.Read(file)) outcomes.Add(await Ask(server, question));

        var figures = outcomes.GroupBy(outcome => outcome.Question.Kind).Select(kind => Figures.Of(kind.Key, [.. kind]))
            .Prepend(Figures.Of("all", outcomes)).ToList();
        if (args.Contains("--json")) Console.WriteLine(JsonSerializer.Serialize(figures, Benchmark.Indented));
        else Print(ingested, took.Elapsed, figures, outcomes);
        if (args.Contains("--misses")) PrintMisses(outcomes, args.Contains("--answers"));
        return 0;
    }

    static async Task<Outcome> Ask(BenchmarkServer server, Question question)
    {
        var search = Stopwatch.StartNew();
        await server.Service<PassageIndex>().Search(Tenant, question.Text, 10);
        search.Stop();

        var id = await server.Queue(ResearchAgent.Definition.Name, question.Text);
        var facts = await Finished(server, id);
        var conversation = Conversation.Of(facts, ResearchAgent.Definition.Limits.PassagesPerStep);
        var answer = facts.OfType<RunCompleted>().Single();

        var valid = 0;
        foreach (var citation in answer.Citations)
        {
            var stored = await server.Service<Documents>().Passage(Tenant, citation.PassageId);
            if (stored is not null && citation.Quote is not null && OneLine(stored.Text).Contains(OneLine(citation.Quote), StringComparison.Ordinal))
                valid++;
        }

        return new Outcome(question, conversation.Sources, answer.Answer, answer.Citations.Count, valid, search.Elapsed,
            [.. facts.OfType<PassagesRetrieved>().Select(found => found.Query)]);
    }

    static async Task<List<RunEvent>> Finished(BenchmarkServer server, Guid id)
    {
        while (true)
        {
            await using var session = server.Service<IDocumentStore>().QuerySession(Tenant);
            var facts = (await session.Events.FetchStreamAsync(id)).Select(stored => (RunEvent)stored.Data).ToList();
            if (facts.Exists(fact => fact is RunCompleted)) return facts;
            if (facts.Find(fact => fact is RunFailed or RunParked) is { } end) throw new InvalidOperationException($"{id}: {end}");
            await Task.Delay(20);
        }
    }

    static string OneLine(string text) => Spaces().Replace(text, " ");

    static void Print(IngestResult ingested, TimeSpan took, List<Figures> figures, List<Outcome> outcomes)
    {
        Console.WriteLine(
            $"{ingested.Documents.Count} files, {ingested.Passages()} passages, {ingested.Count(IngestOutcome.Skipped)} skipped, "
            + $"in {took.TotalSeconds:F1} s");
        Console.WriteLine("kind   n  hit@5 MRR@10  shown answer  abstains/unanswerable  abstains/answerable  citations valid");
        foreach (var one in figures)
            Console.WriteLine(
                $"{one.Kind,-4} {one.Questions,3}  {one.HitAt5,5:F3} {one.MrrAt10,6:F3} {one.ShownRate,6:F3} {one.AnswerRate,6:F3}  "
                + $"{one.AbstainedOnUnanswerable,21}  {one.AbstainedOnAnswerable,19}  {one.CitationValidity,15:F3}");
        Print("search of a question", outcomes.Select(outcome => outcome.Search));
    }

    static void Print(string what, IEnumerable<TimeSpan> took)
    {
        var times = took.Select(time => time.TotalMilliseconds).Order().ToList();
        Console.WriteLine($"{what}: p50 {times[times.Count / 2]:F1} ms, p95 {times[times.Count * 95 / 100]:F1} ms");
    }

    static void PrintMisses(List<Outcome> outcomes, bool withAnswers)
    {
        foreach (var outcome in outcomes)
        {
            var isRight = outcome.Question.IsAnswerable ? outcome.Rank is > 0 and <= 5 && outcome.IsAnswered : outcome.IsAbstention;
            if (isRight) continue;
            Console.WriteLine(
                $"\n{outcome.Question.Id} rank {outcome.Rank} answered {outcome.IsAnswered} "
                + $"abstained {outcome.IsAbstention}: {outcome.Question.Text}");
            Console.WriteLine($"  wanted {string.Join(" | ", outcome.Question.Files)}: {string.Join(" | ", outcome.Question.MustContain)}");
            foreach (var passage in outcome.Passages.Take(5)) Console.WriteLine($"  got {passage.Source} › {passage.Title}");
            if (withAnswers) Console.WriteLine($"  queries {string.Join(" || ", outcome.Queries)}\n  answer {outcome.Answer}");
        }
    }

    static string? Option(string[] args, string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    static string OneSpace(string text) => Spaces().Replace(text, " ");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
