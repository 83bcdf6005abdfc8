using System.Collections.Concurrent;
using Agents.Domain.Runs;

namespace Agents.Host.Workers;

/// <summary>
/// The attempts this process is performing, or has performed and not yet reported. A message delivered twice finds the attempt here; a report whose
/// transaction failed is made again from here, so that a paid reply is not lost to a database restart; a cancelled run's calls are aborted from here.
/// </summary>
public sealed class InFlight
{
    readonly ConcurrentDictionary<(Guid RunId, string Attempt), Effort> efforts = new();

    /// <summary>Registers an attempt. Null when this process has it already.</summary>
    public Effort? Begin(Guid runId, string attempt)
    {
        var effort = new Effort();
        return efforts.TryAdd((runId, attempt), effort) ? effort : null;
    }

    public Effort? Find(Guid runId, string attempt) => efforts.GetValueOrDefault((runId, attempt));

    /// <summary>Forgets an attempt that was never performed, or whose outcome nobody waits for.</summary>
    public void Forget(Guid runId, string attempt)
    {
        if (efforts.TryRemove((runId, attempt), out var effort)) effort.Dispose();
    }

    /// <summary>Something of the run is being performed here. What was performed and could not be stored yet does not count: its work sent again stores it.</summary>
    public bool IsPerforming(Guid runId) => efforts.Any(effort => effort.Key.RunId == runId && effort.Value.Report is null);

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
            case ToolCallCompleted e: Forget(runId, $"tool {e.ToolCallId}.{e.Attempt}"); break;
            case ToolCallFailed e: Forget(runId, $"tool {e.ToolCallId}.{e.Attempt}"); break;
            case RunCancelled or RunFailed:
                foreach (var (key, effort) in efforts)
                    if (key.RunId == runId) effort.Abort();
                break;
        }
    }

    /// <summary>One attempt under way in this process.</summary>
    public sealed class Effort : IDisposable
    {
        readonly CancellationTokenSource abort = new();

        /// <summary>What is to be reported; null while the attempt is under way.</summary>
        public object? Report { get; set; }

        /// <summary>Cancelled when the run ends while the attempt is under way.</summary>
        public CancellationToken Aborted => abort.Token;

        public void Abort() => abort.Cancel();

        public void Dispose() => abort.Dispose();
    }
}
