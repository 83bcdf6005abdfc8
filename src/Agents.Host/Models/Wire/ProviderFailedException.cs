using Agents.Domain.Runs;

namespace Agents.Host.Models.Wire;

/// <summary>The provider refused, failed, or sent what cannot be read, in its own words.</summary>
/// <param name="retryAfter">The wait it asked for. Null when it asked for none.</param>
public sealed class ProviderFailedException(FailureKind kind, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    public FailureKind Kind => kind;
    public TimeSpan? RetryAfter => retryAfter;

    /// <summary>The same without anything that looks like a key, and without this key.</summary>
    /// <param name="apiKey">Null when there is none.</param>
    public ProviderFailedException Without(string? apiKey) => new(kind, ModelFailures.Redact(Message, apiKey), retryAfter);
}
