using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Operations.Verification;

/// <summary>I7: no model call was begun once the budget was spent. What a run spends beyond its budget is one call at most.</summary>
static class Budgets
{
    public static Invariant Invariant() => new("I7", "No run began a model call when its budget or its agent's limit was spent.");

    public static IEnumerable<string> In(StoredRun run, IReadOnlyDictionary<string, AgentDefinition> definitions)
    {
        foreach (var (before, fact) in run.History)
        {
            if (fact.Happened is not ModelCallScheduled call || !definitions.TryGetValue(before.DefinitionHash, out var agent)) continue;

            var most = Math.Min(before.BudgetUsd ?? decimal.MaxValue, agent.Limits.CostUsd);
            if (before.SpentAtMostUsd() >= most)
                yield return FormattableString.Invariant($"{run} began call {call.Call} at {fact} with {before.SpentAtMostUsd()} of {most} USD spent");
        }
    }
}
