using Agents.Domain.Definitions;

namespace Agents.Domain.Runs;

/// <summary>When a failed call is tried again, and how long after.</summary>
public static class Retry
{
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <summary>A provider that asks for a longer wait than this is not waited for: the run parks, and says why.</summary>
    static readonly TimeSpan LongestAsked = TimeSpan.FromMinutes(10);

    /// <summary>The share of a delay that jitter may take off, so that calls that failed together do not return together.</summary>
    const double JitterShare = 0.25;

    /// <param name="attempt">From 1, counted since the run was last resumed.</param>
    public static bool IsWorthwhile(Failure failure, int attempt, Limits limits) =>
        failure.IsTransient() && attempt < limits.Attempts && (failure.RetryAfter ?? TimeSpan.Zero) <= LongestAsked;

    /// <summary>
    /// At once after a lost worker. As long as the provider asked for, if it asked; else 1 s, 2 s, 4 s and so on, at most a minute, less up to a
    /// quarter of jitter.
    /// The jitter follows from the run and the attempt, so the same history always decides the same.
    /// </summary>
    public static TimeSpan Delay(Failure failure, int attempt, Guid runId)
    {
        if (failure.Kind is FailureKind.WorkerLost) return TimeSpan.Zero; // the provider is not in trouble
        if (failure.RetryAfter is { } asked && asked > TimeSpan.Zero) return asked;

        var delay = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, Math.Min(attempt - 1, 10)), Longest.TotalSeconds));
        return delay - delay * (JitterShare * Fraction(runId, attempt));
    }

    /// <summary>A number from 0 to 1 that looks random: FNV-1a over the id and the attempt.</summary>
    static double Fraction(Guid runId, int attempt)
    {
        const uint Prime = 16777619;
        var hash = 2166136261u;
        foreach (var octet in runId.ToByteArray()) hash = unchecked((hash ^ octet) * Prime);
        hash = unchecked((hash ^ (uint)attempt) * Prime);
        return hash / (double)uint.MaxValue;
    }
}
