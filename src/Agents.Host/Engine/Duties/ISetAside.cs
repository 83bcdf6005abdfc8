namespace Agents.Host.Engine.Duties;

/// <summary>What nodes could not see to, and when they try again.</summary>
public interface ISetAside
{
    /// <summary>Sets something aside, for longer each time. Failures of several nodes at once count as one.</summary>
    /// <returns>How often it has failed, and when it is tried again.</returns>
    Task<(int Failures, DateTimeOffset Until)> Add(string duty, DutyItem item, Exception failure, CancellationToken ct);

    /// <summary>It was seen to.</summary>
    Task Clear(string duty, DutyItem item, CancellationToken ct);
}
