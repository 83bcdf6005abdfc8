using Agents.Domain.Runs;

namespace Agents.Benchmarks;

/// <summary>How a run shows passages to a model: numbered from 1 in fused order.</summary>
static class ShownPassages
{
    public const int Most = 12;

    public static string Render(IEnumerable<Passage> passages) =>
        string.Join("\n\n", passages.Take(Most).Select((passage, at) => $"[{at + 1}] {passage.Source} › {passage.Title}\n{passage.Text}"));
}
