using System.Diagnostics;
using Agents.Host.Engine.Attempts;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;

namespace Agents.Host.Engine.Duties;

/// <summary>
/// Asks one question for all duties that look after runs, and for admission, and wakes those that have something to do; it changes nothing itself. It
/// asks every second while runs are worked on, and seldom while none is. When it cannot ask, it wakes them all, and each asks for itself.
/// </summary>
public sealed class Watchdog : IDuty
{
    /// <summary>How often it asks while there is nothing to look after.</summary>
    static readonly TimeSpan Seldom = TimeSpan.FromSeconds(5);

    readonly Lookout lookout;
    readonly IReadOnlyList<IWatchedDuty> duties;
    readonly SetAside setAside;
    readonly Node node;
    readonly InFlight inFlight;
    readonly WorkerOptions options;
    readonly NodeSignals signals;
    readonly Stopwatch last = Stopwatch.StartNew();
    readonly Stopwatch lastReady = Stopwatch.StartNew();
    volatile bool mayHaveWork = true;

    public Watchdog(
        Lookout lookout, IEnumerable<IWatchedDuty> duties, SetAside setAside,
        Node node, InFlight inFlight, NodeSignals signals, WorkerOptions options)
    {
        (this.lookout, this.duties, this.setAside) = (lookout, [.. duties], setAside);
        (this.node, this.inFlight, this.signals, this.options) = (node, inFlight, signals, options);
        signals.Written += _ => mayHaveWork = true;
        foreach (var duty in this.duties.OfType<AbortEndedElsewhere>()) signals.MayHaveEnded += duty.Due.Wake;
    }

    public string Name => "look after runs";

    public async Task Round(DutyRound round, CancellationToken ct)
    {
        foreach (var duty in duties)
            if (duty.MayBeDueHere) duty.Due.Wake();
        if (!mayHaveWork && last.Elapsed < Seldom) return;

        last.Restart();
        mayHaveWork = false;
        Sight seen;
        try
        {
            seen = await round.Ask(token => lookout.Look(node.Name, options.StalledAfter, token));
        }
        catch
        {
            mayHaveWork = true;
            foreach (var duty in duties) duty.Due.Wake();
            throw;
        }

        foreach (var duty in duties)
            if (seen.Duties.Contains(duty.Name)) duty.Due.Wake();
        if (seen.Duties.Contains(EndWaits.Title)) signals.Waits.Wake();
        WakeAdmission(seen.IsRunReady);
        setAside.Replace(seen.SetAside);
        mayHaveWork |= seen.IsMoreExpected || inFlight.Runs().Count > 0;
        if (seen.HasLeft) await round.Ask(async token =>
        {
            await setAside.ForgetLeft(token);
            return true;
        });
    }

    /// <summary>
    /// For the case that its signal was lost. A run that stays ready finds no free slot, or stands behind a limit or a pause: it is looked at seldom.
    /// </summary>
    void WakeAdmission(bool isRunReady)
    {
        if (!isRunReady || lastReady.Elapsed < Seldom) return;

        lastReady.Restart();
        signals.WakeAdmissionHere();
    }

    public Task Wait(CancellationToken ct) => Task.Delay(options.WatchdogEvery, ct);
}
