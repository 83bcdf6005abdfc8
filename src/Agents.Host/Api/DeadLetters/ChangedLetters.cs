namespace Agents.Host.Api.DeadLetters;

/// <param name="Letters">Messages that are sent again or thrown away.</param>
public sealed record ChangedLetters(int Letters);
