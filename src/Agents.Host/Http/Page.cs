namespace Agents.Host.Http;

/// <summary>One page of a list.</summary>
/// <param name="Next">Pass it as <c>cursor</c> for the next page; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);
