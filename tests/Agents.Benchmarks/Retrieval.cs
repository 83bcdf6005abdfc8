using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Agents.Domain.Runs;
using Agents.Host.Knowledge;
using Agents.Host.Models;
using Microsoft.Extensions.AI;
using Npgsql;

namespace Agents.Benchmarks;

/// <summary>Measures retrieval and the offline model's answers on a folder of documents and a file of questions.</summary>
public static partial class Retrieval
{
    const string Tenant = "benchmark";

    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary><c>--corpus DIR --questions FILE [--connection STRING] [--json] [--misses]</c>; 0 when it ran, 2 when called wrongly.</summary>
    public static async Task<int> Run(string[] args)
    {
        var connection = Option(args, "--connection") ?? Environment.GetEnvironmentVariable("AGENTS_TEST_PG");
        if (Option(args, "--corpus") is not { } corpus || Option(args, "--questions") is not { } file || connection is null)
        {
            await Console.Error.WriteLineAsync("retrieval --corpus DIR --questions FILE [--connection STRING or AGENTS_TEST_PG] [--json] [--misses]");
            return 2;
        }

        await using var database = await ThrowAwayDatabase.Create(connection);
        var limits = new KnowledgeLimits();
        var ingest = Stopwatch.StartNew();
        var ingested = await new Ingest(database.Source, limits).Folder(Tenant, corpus);
        ingest.Stop();

        var index = new PassageIndex(database.Source, limits);
        await index.Search(Tenant, "warm up the connection and the index", 1);
        var outcomes = new List<Outcome>();
        foreach (var question in Question.Read(file)) outcomes.Add(await Ask(database.Source, index, question));

        var figures = outcomes.GroupBy(outcome => outcome.Question.Kind).Select(kind => Figures.Of(kind.Key, [.. kind]))
            .Prepend(Figures.Of("all", outcomes)).ToList();
        if (args.Contains("--json")) Console.WriteLine(JsonSerializer.Serialize(figures, Indented));
        else Print(ingested, ingest.Elapsed, figures, outcomes);
        if (args.Contains("--misses")) PrintMisses(outcomes, args.Contains("--answers"));
        return 0;
    }

    static async Task<Outcome> Ask(NpgsqlDataSource database, PassageIndex index, Question question)
    {
        using var model = new OfflineExtractiveModel();
        var queries = (await Step(model, question.Text, "plan", [])).Text.Split('\n');
        var one = Stopwatch.StartNew();
        await index.Search(Tenant, question.Text, ShownPassages.Most);
        one.Stop();
        var all = Stopwatch.StartNew();
        var passages = await index.Search(Tenant, queries, ShownPassages.Most);
        all.Stop();

        var earlier = new List<(string Step, string Output)> { ("plan", string.Join('\n', queries)), ("search", ShownPassages.Render(passages)) };
        foreach (var step in new[] { "analyze", "synthesize" }) earlier.Add((step, (await Step(model, question.Text, step, earlier)).Text));
        var answer = await Step(model, question.Text, "respond", earlier);

        var citations = answer.Messages[0].Contents.OfType<TextContent>()
            .SelectMany(text => text.Annotations ?? []).OfType<CitationAnnotation>().ToList();
        var valid = 0;
        foreach (var citation in citations)
        {
            var cited = passages[(int)citation.AdditionalProperties!["number"]! - 1];
            var stored = await new Documents(database, new KnowledgeLimits()).Passage(Tenant, cited.PassageId);
            if (stored is not null && OneSpace(stored.Text).Contains(OneSpace(citation.Snippet!), StringComparison.Ordinal)) valid++;
        }

        return new Outcome(question, passages, answer.Text, citations.Count, valid, one.Elapsed, all.Elapsed, queries);
    }

    static Task<ChatResponse> Step(OfflineExtractiveModel model, string question, string step, List<(string Step, string Output)> earlier) =>
        model.GetResponseAsync(
            [
                new(ChatRole.System, "Answer from the passages only."), new(ChatRole.User, question),
                .. earlier.Select(done => new ChatMessage(ChatRole.User, $"# {done.Step}\n{done.Output}")),
            ],
            new ChatOptions { AdditionalProperties = new() { ["step"] = step } });

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
        Print("search of a question", outcomes.Select(outcome => outcome.SearchOne));
        Print("search of all its queries", outcomes.Select(outcome => outcome.SearchAll));
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
