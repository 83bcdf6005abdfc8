using System.Globalization;
using Agents.Host.Audit;

namespace Agents.Crash.Tests;

/// <param name="HadPeer">Another node was ready when this one was killed.</param>
/// <param name="Waits">From the kill, or of a single node from its return, to the next fact of each orphaned run, shortest first.</param>
public sealed record Takeover(bool HadPeer, IReadOnlyList<TimeSpan> Waits);

/// <summary>What a play has shown.</summary>
/// <param name="Took">From the first run to the end of all.</param>
/// <param name="Quiet">From the last fault to the end of all.</param>
public sealed record RigResult(Play Play, int Accepted, IReadOnlyDictionary<string, int> Statuses, TimeSpan Took, TimeSpan Quiet)
{
    /// <summary>How often each kind of fault has struck.</summary>
    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    /// <summary>Faults that struck while runs were under way.</summary>
    public required int StruckInFlight { get; init; }

    /// <summary>Runs that had parked and were resumed.</summary>
    public required int Resumed { get; init; }

    /// <summary>Requests the provider got.</summary>
    public required int Requests { get; init; }

    public required IReadOnlyList<Takeover> Takeovers { get; init; }

    /// <summary>From each promotion of a standby until every server was ready again.</summary>
    public IReadOnlyList<TimeSpan> Promotions { get; init; } = [];

    /// <summary>What PostgreSQL wrote of each deadlock.</summary>
    public required IReadOnlyList<string> Deadlocks { get; init; }
    public required VerificationReport Report { get; init; }
    public required IReadOnlyList<string> Problems { get; init; }

    public bool Holds => Report.Holds && Problems.Count == 0;

    /// <summary>For people; the seed plays it again.</summary>
    public IEnumerable<string> Lines()
    {
        yield return FormattableString.Invariant(
            $"{Play.Scenario.Name} seed {Play.Seed}: {(Holds ? "holds" : "DOES NOT HOLD")} in {Took.TotalSeconds:0} s, quiet {Quiet.TotalSeconds:0.0} s after the last fault");
        yield return $"runs      {Accepted} accepted; {string.Join(", ", Statuses.Select(status => $"{status.Value} {status.Key}"))}; {Resumed} parked ones resumed";
        yield return $"faults    {string.Join(", ", Faults.Select(fault => $"{fault.Value} {fault.Key}"))}; {StruckInFlight} struck while runs were under way";
        yield return $"provider  {Requests} requests; {Report.Invariants.Single(invariant => invariant.Id == "I6").Note}";
        if (Takeovers.Count > 0)
        {
            yield return $"resumed   first orphan of a kill, with a living peer: {Distribution([.. Takeovers.Where(takeover => takeover.HadPeer).Select(takeover => takeover.Waits[0])])}";
            yield return $"          first orphan of any kill: {Distribution([.. Takeovers.Select(takeover => takeover.Waits[0])])}";
            yield return $"          every orphan: {Distribution([.. Takeovers.SelectMany(takeover => takeover.Waits)])}";
        }

        if (Promotions.Count > 0) yield return $"ready     after a promotion: {Distribution([.. Promotions])}";
        if (Deadlocks.Count > 0) yield return $"deadlocks {Deadlocks.Count}, such as\n{Deadlocks[0]}";
        foreach (var invariant in Report.Invariants)
        {
            yield return $"{(invariant.Violations == 0 ? "ok  " : "FAIL")}      {invariant.Id,-3} {invariant.Says} ({invariant.Checked} checked, {invariant.Violations} violations)";
            foreach (var violation in invariant.Shown) yield return $"              {violation}";
        }

        foreach (var problem in Problems) yield return $"FAIL      {problem}";
    }

    static string Distribution(List<TimeSpan> waits)
    {
        if (waits.Count == 0) return "none";
        waits.Sort();
        string Of(double share) =>
            waits[Math.Min(waits.Count - 1, (int)(share * waits.Count))].TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
        return $"p50 {Of(0.5)} s, p99 {Of(0.99)} s, most {Of(1)} s, of {waits.Count}";
    }
}
