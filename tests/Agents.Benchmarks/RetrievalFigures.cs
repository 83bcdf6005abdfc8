using Agents.Domain.Runs;
using Agents.Host.Models.Offline;

namespace Agents.Benchmarks;

/// <summary>A question with what a right answer rests on and contains; both empty when the documents do not answer it.</summary>
sealed record Question(string Id, string Text, IReadOnlyList<string> Files, IReadOnlyList<string> MustContain)
{
    public string Kind => Id.Split('-')[0];

    public bool IsAnswerable => Files.Count > 0;

    public static IEnumerable<Question> Read(string file) =>
        from line in File.ReadLines(file).Skip(1)
        let column = line.Split('\t')
        where column.Length >= 4
        select new Question(column[0], column[1], List(column[2]), List(column[3]));

    static string[] List(string column) => column.Trim() == "-" ? [] : column.Trim().Split('|');
}

/// <summary>What became of a question.</summary>
sealed record Outcome(
    Question Question, IReadOnlyList<Passage> Passages, string Answer, int Citations, int ValidCitations,
    TimeSpan Search, string[] Queries)
{
    /// <summary>The place of the first passage from an expected file, from 1; 0 when there is none among the first ten.</summary>
    public int Rank => Passages.Take(10)
        .Select((passage, at) => Question.Files.Contains(passage.Source) ? at + 1 : 0).FirstOrDefault(rank => rank > 0);

    public bool IsAbstention => Answer.StartsWith(OfflineExtractiveModel.Abstention, StringComparison.Ordinal);

    /// <summary>Whether the passages shown to the model have every term: the most an extract can reach.</summary>
    public bool IsShown => Question.MustContain.All(term => Passages.Any(passage => passage.Text.Contains(term, StringComparison.OrdinalIgnoreCase)));

    public bool IsAnswered => Question.IsAnswerable && Question.MustContain.All(term => Answer.Contains(term, StringComparison.OrdinalIgnoreCase));
}

/// <summary>The figures of a kind of question.</summary>
sealed record Figures(
    string Kind, int Questions, double HitAt5, double MrrAt10, double ShownRate, double AnswerRate,
    int AbstainedOnUnanswerable, int AbstainedOnAnswerable, double CitationValidity)
{
    public static Figures Of(string kind, IReadOnlyList<Outcome> outcomes)
    {
        var answerable = outcomes.Where(outcome => outcome.Question.IsAnswerable).ToList();
        var citations = outcomes.Sum(outcome => outcome.Citations);
        return new Figures(
            kind, outcomes.Count,
            Share(answerable, outcome => outcome.Rank is > 0 and <= 5 ? 1 : 0),
            Share(answerable, outcome => outcome.Rank > 0 ? 1.0 / outcome.Rank : 0),
            Share(answerable, outcome => outcome.IsShown ? 1 : 0),
            Share(answerable, outcome => outcome.IsAnswered ? 1 : 0),
            outcomes.Count(outcome => !outcome.Question.IsAnswerable && outcome.IsAbstention),
            answerable.Count(outcome => outcome.IsAbstention),
            citations == 0 ? 1 : (double)outcomes.Sum(outcome => outcome.ValidCitations) / citations);
    }

    static double Share(List<Outcome> outcomes, Func<Outcome, double> value) => outcomes.Count == 0 ? 0 : outcomes.Average(value);
}
