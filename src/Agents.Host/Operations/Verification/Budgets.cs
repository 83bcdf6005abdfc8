using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Host.Operations.Verification;

/// <summary>
/// I7: no model call was begun that a run's own budget had no room for, nor once the agent's limit was spent; and each budget of agents, keys and tenants
/// holds what its reservations say, each reservation what the facts say, and together never more than may be.
/// </summary>
static class Budgets
{
    public static Invariant Invariant() => new("I7", "No model call began beyond a budget, and budgets hold what the facts say was spent and reserved.");

    public static IEnumerable<string> In(StoredRun run, IReadOnlyDictionary<string, AgentDefinition> definitions)
    {
        foreach (var (before, fact) in run.History)
        {
            if (fact.Happened is ModelCallStarted { ReservedUsd: { } upper } begun && !before.HasRoomFor(upper, mayBeUnpriced: true) && IsStrict(run))
                yield return FormattableString.Invariant($"{run} began call {begun.Call} at {fact} for up to {upper} USD with {before.SpentAtMostUsd()} of {before.BudgetUsd} USD spent");
            if (fact.Happened is not ModelCallScheduled call || !definitions.TryGetValue(before.DefinitionHash, out var agent)) continue;

            var most = before.MostUsd(agent.Limits);
            if (before.SpentAtMostUsd() >= most)
                yield return FormattableString.Invariant($"{run} began call {call.Call} at {fact} with {before.SpentAtMostUsd()} of {most} USD spent");
        }
    }
}
