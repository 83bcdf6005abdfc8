namespace Agents.Host.Engine.Attempts;

/// <summary>What is known of runs beside their facts, for those that they start.</summary>
public interface IFamilies
{
    /// <summary>What a run that this one starts takes over from it.</summary>
    Task<Inheritance> Inherited(string tenant, Guid parent, CancellationToken ct);

    /// <summary>How a run ended that another one waits for.</summary>
    Task<ChildEnd> EndOf(string tenant, Guid child, CancellationToken ct);
}

/// <param name="RequestedBy">The credential that asked for the parent.</param>
/// <param name="RequestedByKey">The id of its key. Null when there was none.</param>
/// <param name="TimeLeft">Until the parent's deadline. Null when it has none.</param>
public sealed record Inheritance(string RequestedBy, int Priority, Guid Root, TimeSpan? TimeLeft, string? RequestedByKey = null);

/// <param name="Answer">Empty unless the run was completed.</param>
/// <param name="Why">Why it failed or was cancelled; else empty.</param>
/// <param name="Took">From being queued to its end.</param>
/// <param name="CutBy">What cut the answer: length or content_filter. Null when it is whole, or there is none.</param>
public sealed record ChildEnd(string Answer, string Why, TimeSpan Took, string? CutBy = null);
