namespace Agents.Host.Engine.Signals;

/// <summary>Wakes the readers and the nodes that wait for news of a run. Nothing depends on it: all of them look by themselves, only later.</summary>
public interface ISignals
{
    /// <summary>Wakes the readers of the run and the admission that are concerned, here and on the other nodes.</summary>
    void Announce(Signal signal);

    /// <summary>For the other nodes alone.</summary>
    void AnnounceElsewhere(Signal signal);

    /// <summary>A run may be had for a free slot: this node looks.</summary>
    void WakeAdmissionHere();
}
