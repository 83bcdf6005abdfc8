using Microsoft.AspNetCore.Mvc;

namespace Agents.Host.Http;

/// <summary>How a list is asked for page by page.</summary>
/// <param name="Default">Items of a page when the caller gives no limit.</param>
/// <param name="Most">Most items of a page.</param>
public sealed record Paging(int Default, int Most)
{
    /// <summary>Why the limit, or the cursor, cannot be used. Null when both can.</summary>
    /// <param name="cursor">The id that <see cref="Page{T}.Next"/> of an earlier page held. Null for the first page.</param>
    public ProblemDetails? Problem(int? limit, string? cursor = null)
    {
        if (cursor is not null && !Guid.TryParse(cursor, out _))
            return Refusals.Malformed("Bad cursor", "Pass the next of an earlier page as it is.");
        return LimitProblem(limit) is { } problem ? Refusals.Malformed("Bad limit", problem) : null;
    }

    /// <summary>Null when the limit can be used.</summary>
    public string? LimitProblem(int? limit) => limit < 1 || limit > Most ? FormattableString.Invariant($"A limit is from 1 to {Most:N0}.") : null;

    public int Limit(int? limit) => limit ?? Default;

    /// <summary>A cursor in which <see cref="Problem"/> found none. Null for the first page.</summary>
    public static Guid? Before(string? cursor) => cursor is null ? null : Guid.Parse(cursor);
}
