using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>Sends a message again whose attempt was performed on this node and is still not stored: no other node can report it.</summary>
public sealed class ReportUnreported(InFlight inFlight, Redriving redriving, WorkerOptions options) : IWatchedDuty
{
    public string Name => "report unreported attempts";

    public Waker Due { get; } = new();

    public bool MayBeDueHere => inFlight.Runs().Count > 0;

    public Task Round(DutyRound round, CancellationToken ct) =>
        round.SeeTo(inFlight.Unreported(options.StalledAfter), attempt => new(attempt.Tenant, $"{attempt.Message}"), Report);

    public Task Report((string Tenant, object Message) attempt, CancellationToken ct) =>
        redriving.Send(attempt.Tenant, [new(attempt.Message, TimeSpan.Zero)]);
}
