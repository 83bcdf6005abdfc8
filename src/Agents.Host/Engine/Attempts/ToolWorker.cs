using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Platform;
using Agents.Host.Postgres;
using Agents.Host.Tools;

namespace Agents.Host.Engine.Attempts;

/// <summary>Performs a tool call attempt. One that must not run twice is claimed first; the others need no claim, and cost one commit.</summary>
public sealed class ToolWorker(
    IRunTransactions transactions, IDefinitions definitions, INode node, InFlight inFlight, ITools tools, ChildRuns children,
    RecordedTools recorded, DatabaseClock clock, WorkerOptions options)
{
    /// <returns>What to report, or null when nothing is due.</returns>
    public Task<ToolReport?> Perform(string tenant, RunTool work, CancellationToken ct) =>
        inFlight.Perform(tenant, work, work.RunId, InFlight.Of(work), effort => ClaimAndRun(tenant, work, effort, ct));

    async Task<ToolReport?> ClaimAndRun(string tenant, RunTool work, InFlight.Effort effort, CancellationToken ct)
    {
        var claim = await Claim(tenant, work, effort, ct);
        if (claim is not { } due) return null;
        if (due.Child is { } child) return await children.OutcomeOf(tenant, work, child, due.Limits, ct);
        if (due.Run.RecordedTools) return await recorded.OutcomeOf(tenant, due.Run, work, due.Call, ct);
        if (due.IsLost) return new RecordToolFailure(work.ToolCallId, work.Attempt, OutcomeUnknown, TimeSpan.Zero);

        using var span = RunTelemetry.Tool(due.Run, due.Call.Tool, work);
        var started = clock.GetTimestamp();
        using var tooLong = new CancellationTokenSource(due.Timeout, clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, effort.Aborted, tooLong.Token);
        try
        {
            var context = new ToolContext(tenant, work.RunId, due.Run.Step, work.ToolCallId);
            FaultPoint.Hit("request-sent");
            var result = await tools.Run(due.Call.Tool, due.Call.Arguments ?? "{}", context, stop.Token);
            FaultPoint.Hit("reply-complete");
            if (result.Wanted is { } wanted) return await children.Wanted(tenant, work, due.Run, wanted, ct);
            return ReportOf(work, result, due.Limits, clock.GetElapsedTime(started));
        }
        catch (OperationCanceledException) when (effort.Aborted.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return Failed(effort.IsBrokenOff
                ? new(
                    tools.IsRepeatable(due.Call.Tool) ? FailureKind.WorkerLost : FailureKind.OutcomeUnknown, "The server stopped while the tool ran.")
                : new(FailureKind.OutcomeUnknown, "The run ended while the tool ran."));
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            return Failed(tooLong.IsCancellationRequested ? TimedOut(due) : ToolFailures.Of(FailureKind.Timeout, e));
        }
        catch (Exception e) when (ToolFailures.From(e, isClaimed: !tools.IsRepeatable(due.Call.Tool)) is { } failure)
        {
            return Failed(failure) with { HadNoEffect = ToolFailures.HadNoEffect(e) };
        }

        RecordToolFailure Failed(Failure failure) => new(work.ToolCallId, work.Attempt, failure, clock.GetElapsedTime(started));
    }

    /// <summary>Null when the attempt is not due.</summary>
    async Task<Due?> Claim(string tenant, RunTool work, InFlight.Effort effort, CancellationToken ct)
    {
        await using var transaction = transactions.Begin(tenant);
        var started = new ToolCallStarted(work.ToolCallId, work.Attempt, node.Name);
        if (await Latest(transaction, work, started, effort.MayBegin, ct) is not { } run
            || !run.ToolCalls.TryGetValue(work.ToolCallId, out var call)) return null;
        if (!effort.MayBegin && call.Status is ToolCallStatus.Scheduled) return null;

        var agent = await definitions.Of(run.DefinitionHash, ct);
        var timeout = agent.Steps[run.Step].CallTimeout is { } own && own < options.ToolTimeout ? own : options.ToolTimeout;
        if (call is { Status: ToolCallStatus.Started, Child: not null } && call.Attempt == work.Attempt)
            return new(run, call, agent.Limits, timeout, IsLost: false, call.Child);

        if (run.RecordedTools || tools.IsRepeatable(call.Tool))
            return Domain.Runs.Claim.On(run, work, started, ownerIsGone: false) is Claim.Taken
                ? new(run, call, agent.Limits, timeout, IsLost: false) : null;

        await node.Ready.WaitAsync(ct);
        if (await transaction.Hold(work.RunId, ct) is not { } held) return null;

        var owner = held.Run.ToolCalls.GetValueOrDefault(work.ToolCallId)?.Worker;
        var claim = Domain.Runs.Claim.On(held.Run, work, started, await node.HasLost(owner, ct));
        if (claim is Claim.Taken taken)
        {
            held.Append([taken.Started]);
            await transaction.Commit(ct);
        }

        return claim is Claim.NotDue ? null : new(held.Run, call, agent.Limits, timeout, IsLost: claim is Claim.Lost);
    }

    /// <summary>
    /// As this node has just stored it, if the attempt was due then: good enough to begin what may be done twice, and the claim of anything else
    /// locks the
    /// run. Otherwise as its checkpoint has it.
    /// </summary>
    /// <param name="mayBegin">A node that begins nothing asks the log whether it has begun this.</param>
    static async Task<Run?> Latest(IOwnTransaction transaction, RunTool work, ToolCallStarted started, bool mayBegin, CancellationToken ct)
    {
        if (mayBegin && transaction.Known(work.RunId)?.Run is { } known
            && Domain.Runs.Claim.On(known, work, started, ownerIsGone: false) is Claim.Taken) return known;
        return (await transaction.Checkpoints([work.RunId], ct)).SingleOrDefault();
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
