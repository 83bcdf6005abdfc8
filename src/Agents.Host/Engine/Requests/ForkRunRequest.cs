using System.Text.Json;

namespace Agents.Host.Engine.Requests;

/// <summary>How a fork differs from the run it continues. Everything may be left out.</summary>
/// <param name="Version">
/// It goes on from the last version, not after this one, at which the next step or call can be decided. From 1. Null means as late as can be.
/// </param>
/// <param name="Question">From 1 to 16,384 characters. Null means the same; results that the run has brought stay as they are either way.</param>
/// <param name="Model">Of the steps that name none, to 200 characters. Null means the same.</param>
/// <param name="Reason">At most 500 characters, kept with the fork's facts.</param>
/// <param name="Priority">As for <c>POST /runs</c>. Null means the same.</param>
/// <param name="BudgetUsd">
/// US dollars the fork itself may spend, above 0. Null means the agent's limit, or, where the root has a budget, what there is.
/// </param>
public sealed record ForkRunRequest(
    long? Version = null, string? Question = null, string? Model = null, string? Reason = null, JsonElement? Priority = null,
    decimal? BudgetUsd = null);
