using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;

namespace Agents.Crash.Tests.Simulation;

/// <summary>A run that is given, in a world without trouble and without people that help.</summary>
sealed record Scene(AgentDefinition Agent, PriceList Prices, decimal BudgetUsd);

/// <summary>A model that is out of order as long as there is trouble, and fails in one way.</summary>
sealed record Outage(string Model, FailureKind Kind)
{
    static readonly FailureKind[] Kinds = [FailureKind.Unavailable, FailureKind.Timeout, FailureKind.Unauthorized, FailureKind.RateLimited, FailureKind.EmptyReply];

    /// <summary>In half of the seeds whose agents have several models. Null in all others.</summary>
    public static Outage? Of(int seed) => seed % 10 == 2 ? new(SampleAgents.Model, Kinds[seed / 10 % Kinds.Length]) : null;
}
