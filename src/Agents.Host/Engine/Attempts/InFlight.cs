using System.Collections.Concurrent;
using Agents.Domain.Runs;
using Agents.Host.Postgres;

namespace Agents.Host.Engine.Attempts;

/// <summary>
/// The attempts this process is performing, or has performed and not yet reported. A message delivered twice finds the attempt here; a report whose
/// transaction failed is made again from here, so that a paid reply is not lost to a database restart; a cancelled run's calls are aborted from here.
/// </summary>
public sealed class InFlight(DatabaseClock clock)
{
    readonly ConcurrentDictionary<(Guid RunId, string Attempt), Effort> efforts = new();
    volatile bool isClosed;

    /// <summary>Performs an attempt unless this process has it already. A node that stops or is drained may only report what it had begun before.</summary>
    /// <returns>What to report; that of an earlier time whose transaction failed; or null when nothing is due or the attempt is under way.</returns>
    public async Task<T?> Perform<T>(string tenant, object message, Guid runId, string attempt, Func<Effort, Task<T?>> perform) where T : class
    {
        var effort = new Effort(tenant, message, clock, mayBegin: !isClosed);
        if (!efforts.TryAdd((runId, attempt), effort)) return efforts.GetValueOrDefault((runId, attempt))?.Report as T;

        try
        {
            var report = await perform(effort);
            if (report is not RefuseModelCall) effort.Done(report); // nothing was performed: the next time is asked anew
            return report;
        }
        finally
        {
            if (effort.Report is null) Forget(runId, attempt);
        }
    }

    /// <summary>Forgets an attempt whose outcome is stored, or for which no message waits.</summary>
    public void Forget(Guid runId, string attempt)
    {
        if (efforts.TryRemove((runId, attempt), out var effort)) effort.Dispose();
    }

    /// <summary>Something of the run is being performed here. What was performed and could not be stored yet does not count: its work sent again stores it.</summary>
    public bool IsPerforming(Guid runId) => efforts.Any(effort => effort.Key.RunId == runId && effort.Value.Report is null);

    /// <summary>
    /// What was performed here and is still not stored so long after: its message may be lost, and no other node can report for this one. Each is named
    /// again only after as long again.
    /// </summary>
    public IReadOnlyCollection<(string Tenant, object Message)> Unreported(TimeSpan after) =>
        [.. efforts.Values.Where(effort => effort.IsOverdue(after)).Select(effort => (effort.Tenant, effort.Message))];

    /// <summary>The runs that have something in flight here.</summary>
    public IReadOnlyCollection<Guid> Runs() => [.. efforts.Keys.Select(key => key.RunId).Distinct()];

    /// <summary>Aborts what is in flight here for a run that has ended.</summary>
    public void Abort(Guid runId)
    {
        foreach (var (key, effort) in efforts)
            if (key.RunId == runId) effort.Abort();
    }

    /// <summary>From now on nothing is begun here: the node stops.</summary>
    public void Close() => isClosed = true;

    /// <summary>Begins again after it was closed: the node was drained, and is to take runs again.</summary>
    public void Open() => isClosed = false;

    /// <summary>Breaks off what is under way here, as lost: the node stops and cannot wait.</summary>
    public void BreakOff()
    {
        foreach (var effort in efforts.Values.Where(effort => effort.Report is null)) effort.BreakOff();
    }

    public static string Of(CallModel work) => $"call {work.Call}.{work.Attempt}";

    public static string Of(RunTool work) => $"tool {work.ToolCallId}.{work.Attempt}";

    /// <summary>What follows here from a fact that is stored: outcomes are reported, a finished run's calls are aborted.</summary>
    public void After(Guid runId, RunEvent stored)
    {
        switch (stored)
        {
            case ModelCallCompleted e: Forget(runId, $"call {e.Call}.{e.Attempt}"); break;
            case ModelCallFailed e: Forget(runId, $"call {e.Call}.{e.Attempt}"); break;
            case ModelCallOutcomeUnknown e: Forget(runId, $"call {e.Call}.{e.Attempt}"); break;
            case SpendResolved e: Forget(runId, $"call {e.Call}.{e.Attempt}"); break;
            case ChildRunStarted e: Forget(runId, $"tool {e.ToolCallId}.{e.Attempt}"); break;
            case ToolCallCompleted e: Forget(runId, $"tool {e.ToolCallId}.{e.Attempt}"); break;
            case ToolCallFailed e: Forget(runId, $"tool {e.ToolCallId}.{e.Attempt}"); break;
            case RunCancelled or RunFailed: Abort(runId); break;
        }
    }

    /// <summary>One attempt under way in this process.</summary>
    public sealed class Effort : IDisposable
    {
        readonly DatabaseClock clock;
        readonly CancellationTokenSource abort = new();
        long since;

        public Effort(string tenant, object message, DatabaseClock clock, bool mayBegin)
        {
            (Tenant, Message, MayBegin, this.clock) = (tenant, message, mayBegin, clock);
            Aborted = abort.Token; // still asked for by what is under way when the effort is forgotten and disposed of
        }

        public string Tenant { get; }

        /// <summary>
        /// False when the node stops or is drained: another node performs the attempt then. One that this node had begun, and does not know of because the
        /// answer to its COMMIT was lost, is reported lost all the same: no other node may do so while this one lives.
        /// </summary>
        public bool MayBegin { get; }

        /// <summary>The message that asked for the attempt.</summary>
        public object Message { get; }

        /// <summary>What is to be reported; null while the attempt is under way.</summary>
        public object? Report { get; private set; }

        internal void Done(object? report) => (since, Report) = (clock.GetTimestamp(), report);

        internal bool IsOverdue(TimeSpan after)
        {
            if (Report is null || clock.GetElapsedTime(since) < after) return false;
            since = clock.GetTimestamp();
            return true;
        }

        /// <summary>Cancelled when the run ends, or the node stops, while the attempt is under way.</summary>
        public CancellationToken Aborted { get; }

        /// <summary>It was aborted because the node stops; the run goes on.</summary>
        public bool IsBrokenOff { get; private set; }

        internal void BreakOff()
        {
            IsBrokenOff = true;
            Abort();
        }

        public void Abort()
        {
            try
            {
                abort.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended at this very moment.
            }
        }

        public void Dispose() => abort.Dispose();
    }
}
