using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Models;
using Agents.Host.Tools;
using Marten;
using Microsoft.Extensions.AI;

namespace Agents.Host.Workers;

/// <summary>Performs a model call attempt: claim, one call, measure. What follows from the outcome is decided elsewhere.</summary>
public sealed class ModelWorker(
    IDocumentStore store, Definitions definitions, Node node, InFlight inFlight, IChatClient model, ModelOptions options, ToolBox tools, PriceList prices)
{
    /// <returns>What to report, or null when nothing is due.</returns>
    public Task<ModelReport?> Perform(string tenant, CallModel work, CancellationToken ct) =>
        inFlight.Perform(tenant, work, work.RunId, InFlight.Of(work), effort => ClaimAndCall(tenant, work, effort, ct));

    async Task<ModelReport?> ClaimAndCall(string tenant, CallModel work, InFlight.Effort effort, CancellationToken ct)
    {
        var (run, history) = await Load(tenant, work.RunId, ct);
        if (run.ModelCall is not { Status: not AttemptStatus.Failed } call || call.Call != work.Call || call.Number != work.Attempt) return null;
        if (call.Status is AttemptStatus.Scheduled && run.Status is not RunStatus.Running) return null;

        var agent = await definitions.Of(run.DefinitionHash, ct);
        var step = (ModelStep)agent.Steps[run.Step];
        var conversation = Conversation.Of(history, agent.Limits.PassagesPerStep);
        var request = ModelRequest.Of(conversation, step, step.Model ?? run.Model, agent.Limits, tools);
        var reserved = prices.UpperBound(request.Options.ModelId!, request.InputTokensAtMost(), agent.Limits.OutputTokensPerCall);
        var started = new ModelCallStarted(
            work.Call, work.Attempt, node.Name, request.Hash(), reserved is null ? null : prices.Version, reserved);

#if MUTANTS
        var early = Domain.Mutation.Without("intent before call") ? await Send(work, request, effort, ct) : null;
#endif
        FaultPoint.Hit("before-intent-commit");
        var claim = await Take(tenant, work, started, ct);
        if (claim is Claim.Lost) return new RecordModelCallLost(work.Call, work.Attempt, UnknownCause.WorkerLost);
        if (claim is Claim.NotDue) return null;

        FaultPoint.Hit("after-intent-commit");
#if MUTANTS
        var outcome = early ?? await Send(work, request, effort, ct);
#else
        var outcome = await Send(work, request, effort, ct);
#endif
        FaultPoint.Hit("reply-complete");
        return outcome is null
            ? new RecordModelCallLost(work.Call, work.Attempt, effort.IsBrokenOff ? UnknownCause.WorkerLost : UnknownCause.Cancelled)
            : ReportOf(work, outcome, conversation);
    }

    /// <summary>Stores that this node begins the attempt, in a transaction of its own that ends before the call begins.</summary>
    async Task<Claim> Take(string tenant, CallModel work, ModelCallStarted started, CancellationToken ct)
    {
        await node.Ready.WaitAsync(ct);
        await using var session = store.LightweightSession(tenant);
#if MUTANTS
        if (Domain.Mutation.Without("expected version"))
        {
            var seen = (await session.LoadAsync<Run>(work.RunId, ct))!;
            var unfenced = Claim.On(seen, work, started, await node.HasLost(seen.ModelCall?.Worker, ct));
            if (unfenced is Claim.Taken mine) session.Events.Append(work.RunId, mine.Started);
            await session.SaveChangesAsync(ct);
            return unfenced;
        }
#endif
        var stream = await session.Events.FetchForExclusiveWriting<Run>(work.RunId, ct);
        var run = stream.Aggregate!;
        var claim = Claim.On(run, work, started, await node.HasLost(run.ModelCall?.Worker, ct));
        if (claim is Claim.Taken taken)
        {
            stream.AppendOne(taken.Started);
            FaultPoint.Hit("lease-taken");
            await session.SaveChangesAsync(ct);
        }

        return claim;
    }

    /// <summary>Null when the call was aborted: the run ended meanwhile, or the node stops.</summary>
    async Task<ModelOutcome?> Send(CallModel work, ModelRequest request, InFlight.Effort effort, CancellationToken ct)
    {
        RequestId.Set(work.RunId, work.Call, work.Attempt);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, effort.Aborted);
        try
        {
            FaultPoint.Hit("request-sent");
            return await ModelCall.Run(model, request.Messages, request.Options, options, onDelta: null, stop.Token);
        }
        catch (OperationCanceledException) when (effort.Aborted.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    ModelReport ReportOf(CallModel work, ModelOutcome outcome, Conversation conversation) => outcome switch
    {
        ModelOutcome.Answered answer => new RecordModelReply(
            work.Call, work.Attempt,
            new(answer.Text, answer.ToolRequests, CitationsOf(answer, conversation), answer.Model, answer.FinishReason, answer.ProviderId),
            answer.Usage, answer.RawUsage,
            answer.Usage is null ? null : prices.Of(answer.Model, answer.Usage),
            answer.Latency, answer.TimeToFirstToken),
        ModelOutcome.Failed failed => new RecordModelFailure(work.Call, work.Attempt, failed.Failure, failed.Latency),
        _ => throw new InvalidOperationException(outcome.GetType().Name),
    };

    /// <summary>A quote belongs to the cited passage that holds its words.</summary>
    static IReadOnlyList<Citation> CitationsOf(ModelOutcome.Answered answer, Conversation conversation)
    {
        var quotes = answer.Citations
            .Select(cited => (Number: conversation.Sources.FindIndex(source => source.Text.Contains(cited.Snippet, StringComparison.Ordinal)) + 1, cited.Snippet))
            .Where(quote => quote.Number > 0);
        return Citations.In(answer.Text, conversation.Sources, [.. quotes]);
    }

    async Task<(Run, List<RunEvent>)> Load(string tenant, Guid runId, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        var stored = await session.Events.FetchStreamAsync(runId, token: ct);
        var history = stored.Select(e => (RunEvent)e.Data).ToList();
        return (history.Aggregate(Run.Before(runId), Run.Evolve), history);
    }
}
