using Agents.Host.Platform;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Something that each node does again and again of its own accord. <see cref="DutyHost"/> runs all duties beside each other, so that one which fails
/// or hangs holds no other back.
/// </summary>
public interface IDuty
{
    /// <summary>What it does, as a verb and its object: so it stands in logs, metrics and <c>agents.set_aside</c>.</summary>
    string Name { get; }

    /// <summary>Asks what is due, and sees to it. Both go through the round, which knows how long they may take and what is set aside.</summary>
    Task Round(DutyRound round, CancellationToken ct);

    /// <summary>Waits until the next round is to begin.</summary>
    Task Wait(CancellationToken ct);
}

/// <summary>
/// A duty to which the watchdog says when something is due, so that an idle node asks the database one question instead of one for each duty.
/// </summary>
public interface IWatchedDuty : IDuty
{
    /// <summary>The duty looks by itself after this, should the watchdog have failed.</summary>
    static readonly TimeSpan AtLeastEvery = TimeSpan.FromMinutes(1);

    /// <summary>Woken by the watchdog.</summary>
    Waker Due { get; }

    /// <summary>Whether something may be due that this node knows of without asking the database.</summary>
    bool MayBeDueHere => false;

    Task IDuty.Wait(CancellationToken ct) => Due.Wait(AtLeastEvery, ct);
}

/// <summary>One thing that a duty sees to.</summary>
/// <param name="Tenant">Whose it is. Empty for what belongs to no tenant, such as a node.</param>
/// <param name="Name">The id of a run, of a schedule, and so on.</param>
public readonly record struct DutyItem(string Tenant, string Name)
{
    public DutyItem(string tenant, Guid id) : this(tenant, id.ToString())
    {
    }
}
