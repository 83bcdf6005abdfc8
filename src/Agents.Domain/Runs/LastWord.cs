namespace Agents.Domain.Runs;

/// <summary>What a run of an agent that closes at its limit may spend on a call.</summary>
/// <param name="MostUsd">US dollars over the whole run; see <see cref="Run.MostUsd"/>.</param>
/// <param name="KeptUsd">What of it is kept back for the last word. 0 for the last word itself, and where nothing can be kept back.</param>
public sealed record LastWord(decimal MostUsd, decimal KeptUsd);
