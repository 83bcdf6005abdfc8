using Agents.Host.Engine.Evidence;

namespace Agents.Host.Engine.Duties;

/// <summary>Signs a checkpoint over all facts at an interval, where a key is configured. Every node may do it; one at a time does.</summary>
public sealed class SignCheckpoints(EvidenceCheckpoints checkpoints, EvidenceOptions options) : IDuty
{
    public string Name => "sign checkpoints";

    public async Task Round(DutyRound round, CancellationToken ct)
    {
        if (options.Key is not null) await round.Ask(checkpoints.Sign);
    }

    public Task Wait(CancellationToken ct) => Task.Delay(options.Key is null ? Timeout.InfiniteTimeSpan : options.CheckpointEvery, ct);
}
