using Agents.Domain.Runs;
using Agents.Host.Models;

namespace Agents.Host.Engine.Attempts;

/// <summary>Sends requests to the model.</summary>
public interface IModelCalls
{
    /// <summary>One call. What fails outside is part of the answer.</summary>
    /// <param name="within">The most it may take, if that is shorter than for other calls.</param>
    /// <param name="aborted">Cancelled when the run ends, or the node stops, meanwhile.</param>
    Task<ModelAnswer> Call(string tenant, CallModel work, ModelRequest request, TimeSpan? within, CancellationToken aborted, CancellationToken ct);
}

/// <summary>What came of a call.</summary>
/// <param name="Outcome">Null when it was aborted.</param>
/// <param name="Told">What the provider said about its limits. Null when it said nothing.</param>
/// <param name="SinceHeard">How long ago the reply began.</param>
public sealed record ModelAnswer(ModelOutcome? Outcome, RateTold? Told = null, TimeSpan SinceHeard = default);
