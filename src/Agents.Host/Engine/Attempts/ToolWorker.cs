using System.Diagnostics;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Platform;
using Agents.Host.Tools;
using Marten;

namespace Agents.Host.Engine.Attempts;

/// <summary>Performs a tool call attempt. One that must not run twice is claimed first; the others need no claim, and cost one commit.</summary>
public sealed class ToolWorker(
    IDocumentStore store, Definitions definitions, Node node, InFlight inFlight, ToolBox tools, ChildRuns children, WorkerOptions options)
{
    /// <returns>What to report, or null when nothing is due.</returns>
    public Task<ToolReport?> Perform(string tenant, RunTool work, CancellationToken ct) =>
        inFlight.Perform(tenant, work, work.RunId, InFlight.Of(work), effort => ClaimAndRun(tenant, work, effort, ct));

    async Task<ToolReport?> ClaimAndRun(string tenant, RunTool work, InFlight.Effort effort, CancellationToken ct)
    {
        var claim = await Claim(tenant, work, ct);
        if (claim is not { } due) return null;
        if (due.Child is { } child) return await children.OutcomeOf(tenant, work, child, due.Limits, ct);
        if (due.IsLost) return new RecordToolFailure(work.ToolCallId, work.Attempt, OutcomeUnknown, TimeSpan.Zero);

        using var span = RunTelemetry.Tool(due.Run, due.Call.Tool, work);
        var started = Stopwatch.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, effort.Aborted);
        stop.CancelAfter(due.Timeout);
        try
        {
            var context = new ToolContext(tenant, work.RunId, due.Run.Step, work.ToolCallId);
            FaultPoint.Hit("request-sent");
            var result = await tools.Run(due.Call.Tool, due.Call.Arguments ?? "{}", context, stop.Token);
            FaultPoint.Hit("reply-complete");
            if (result.Wanted is { } wanted) return await children.Wanted(tenant, work, due.Run, wanted, ct);
            return ReportOf(work, result, due.Limits, Stopwatch.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (effort.Aborted.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return Failed(effort.IsBrokenOff
                ? new(tools.IsRepeatable(due.Call.Tool) ? FailureKind.WorkerLost : FailureKind.OutcomeUnknown, "The server stopped while the tool ran.")
                : new(FailureKind.OutcomeUnknown, "The run ended while the tool ran."));
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            return Failed(stop.IsCancellationRequested ? TimedOut(due) : ToolFailures.Of(FailureKind.Timeout, e));
        }
        catch (Exception e) when (ToolFailures.From(e, isClaimed: !tools.IsRepeatable(due.Call.Tool)) is { } failure)
        {
            return Failed(failure) with { HadNoEffect = ToolFailures.HadNoEffect(e) };
        }

        RecordToolFailure Failed(Failure failure) => new(work.ToolCallId, work.Attempt, failure, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>Null when the attempt is not due.</summary>
    async Task<Due?> Claim(string tenant, RunTool work, CancellationToken ct)
    {
        await using var session = store.LightweightSession(tenant);
        if (await session.LoadAsync<Run>(work.RunId, ct) is not { } run || !run.ToolCalls.TryGetValue(work.ToolCallId, out var call)) return null;

        var agent = await definitions.Of(run.DefinitionHash, ct);
        var timeout = agent.Steps[run.Step].CallTimeout is { } own && own < options.ToolTimeout ? own : options.ToolTimeout;
        if (call is { Status: ToolCallStatus.Started, Child: not null } && call.Attempt == work.Attempt) return new(run, call, agent.Limits, timeout, IsLost: false, call.Child);

        var started = new ToolCallStarted(work.ToolCallId, work.Attempt, node.Name);
        if (tools.IsRepeatable(call.Tool))
            return Domain.Runs.Claim.On(run, work, started, ownerIsGone: false) is Claim.Taken ? new(run, call, agent.Limits, timeout, IsLost: false) : null;

        await node.Ready.WaitAsync(ct);
        var stream = await session.Events.FetchForExclusiveWriting<Run>(work.RunId, ct);
        run = stream.Aggregate!;
        var claim = Domain.Runs.Claim.On(run, work, started, await node.HasLost(run.ToolCalls.GetValueOrDefault(work.ToolCallId)?.Worker, ct));
        if (claim is Claim.Taken taken)
        {
            stream.AppendOne(taken.Started);
            await session.SaveChangesAsync(ct);
        }

        return claim is Claim.NotDue ? null : new(run, call, agent.Limits, timeout, IsLost: claim is Claim.Lost);
    }

    static RecordToolResult ReportOf(RunTool work, ToolResult result, Limits limits, TimeSpan took)
    {
        var text = Sanitiser.Text(result.Text, limits.ResultCharacters);
        return new(work.ToolCallId, work.Attempt, text, result.Text.Length > limits.ResultCharacters, took, result.Retrieved);
    }

    Failure TimedOut(Due due)
    {
        var message = $"{due.Call.Tool} took longer than {due.Timeout.TotalSeconds:0.#} s.";
        return new(tools.IsRepeatable(due.Call.Tool) ? FailureKind.Timeout : FailureKind.OutcomeUnknown, message);
    }

    static readonly Failure OutcomeUnknown =
        new(FailureKind.OutcomeUnknown, "The worker stopped before it reported.");

    sealed record Due(Run Run, ToolCall Call, Limits Limits, TimeSpan Timeout, bool IsLost, Guid? Child = null);
}
