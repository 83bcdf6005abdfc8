using System.Collections.Concurrent;
using Agents.Domain.Costs;
using Agents.Domain.Definitions;
using Agents.Domain.Runs;
using Agents.Host.Catalog;
using Agents.Host.Engine.Deciding;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Signals;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Log;
using Agents.Host.Models;
using Agents.Host.Platform;
using Agents.Host.Tools;
using Marten;
using Microsoft.Extensions.AI;

namespace Agents.Host.Engine.Attempts;

/// <summary>Performs a model call attempt: claim, one call, measure. What follows from the outcome is decided elsewhere.</summary>
public sealed class ModelWorker(
    IDocumentStore store, Definitions definitions, Node node, InFlight inFlight, IChatClient model, ModelOptions options, ToolBox tools, Prices published,
    CostOptions costs, Deltas deltas, Threads threads, RateLimits rates, ILogger<ModelWorker> log)
{
    /// <summary>How many ever smaller versions of a call are tried before it is refused: the run's own budget and the tenant's may each ask for a smaller one.</summary>
    const int MostOffers = 4;

    /// <summary>Models of which the log has said that they have no price.</summary>
    readonly ConcurrentDictionary<string, bool> saidUnpriced = new();

    /// <returns>What to report, or null when nothing is due.</returns>
    public Task<ModelReport?> Perform(string tenant, CallModel work, CancellationToken ct) =>
        inFlight.Perform(tenant, work, work.RunId, InFlight.Of(work), effort => ClaimAndCall(tenant, work, effort, ct));

    async Task<ModelReport?> ClaimAndCall(string tenant, CallModel work, InFlight.Effort effort, CancellationToken ct)
    {
        var (run, own) = await Load(tenant, work.RunId, ct);
        if (run.ModelCall is not { Status: not AttemptStatus.Failed } call || call.Call != work.Call || call.Number != work.Attempt) return null;
        if (call.Status is AttemptStatus.Scheduled && run.Status is not RunStatus.Running) return null;

        var agent = await definitions.Of(run.DefinitionHash, ct);
        var step = (ModelStep)agent.Steps[run.Step];
        var history = await Whole(tenant, own, ct);
        var conversation = Conversation.Of(history, agent.Limits.PassagesPerStep, await threads.Before(tenant, history, ct));
        var request = ModelRequest.Of(conversation, step, step.Model ?? run.Model, agent.Limits, tools, isLast: run.Step == agent.Steps.Count - 1);
        var prices = await published.InForce(tenant, ct);
        var offer = CallOffer.Of(request, prices);
        var key = history.OfType<RunQueued>().First().RequestedBy;

#if MUTANTS
        var early = Domain.Mutation.Without("intent before call") ? await Call(tenant, work, request, options, effort, ct) : null;
#endif
        var tokens = (offer.Estimate?.InputTokens ?? request.InputTokensAtMost()) + request.Options.MaxOutputTokens!.Value;
        await using var pass = await rates.Take(tenant, work.RunId, request.Options.ModelId!, tokens, effort.Aborted, ct);
        if (pass is null) return null;

        FaultPoint.Hit("before-intent-commit");
        (var claim, offer) = await Take(tenant, work, key, offer, ct);
        if (claim is Claim.Refused refused) return new RefuseModelCall(work.Call, work.Attempt, refused.Refusal);
        if (claim is Claim.Lost) return new RecordModelCallLost(work.Call, work.Attempt, UnknownCause.WorkerLost);
        if (claim is Claim.NotDue) return null;

        FaultPoint.Hit("after-intent-commit");
        if (costs.UnpricedModels is UnpricedModels.Refuse && prices.For(request.Options.ModelId!) is null) return Refused(work, request.Options.ModelId!);

        using var telling = CallTelemetry.Begin(run, agent.Name, options.Name, request.Options.ModelId!, work);
        var limits = options.Within(step.CallTimeout);
        pass.Use();
        var ear = RateHeaders.Listen();
#if MUTANTS
        var outcome = early ?? await Call(tenant, work, offer.Request, limits, effort, ct);
#else
        var outcome = await Call(tenant, work, offer.Request, limits, effort, ct);
#endif
        FaultPoint.Hit("reply-complete");
        await pass.Settle(outcome, ear);
        var report = outcome is null
            ? new RecordModelCallLost(work.Call, work.Attempt, effort.IsBrokenOff ? UnknownCause.WorkerLost : UnknownCause.Cancelled)
            : ReportOf(work, outcome, conversation, prices);
        telling.End(report);
        if (report is RecordModelReply { Cost: null } unpriced) Say(unpriced.Reply.Model);
        return report;
    }

    bool MayBeUnpriced => costs.UnpricedModels is UnpricedModels.Allow;

    /// <summary>Once for each model and process; the metric counts the calls.</summary>
    void Say(string model)
    {
        if (saidUnpriced.TryAdd(model, true))
            log.LogWarning("The model {Model}, or what a call used of it, has no price: the cost is unknown, not zero. Import one with 'agents prices import'", model);
    }

    /// <summary>Stores that this node begins the attempt, in a transaction of its own that ends before the call begins.</summary>
    /// <returns>The claim, and the version of the call that the budgets had room for.</returns>
    async Task<(Claim Claim, CallOffer Offer)> Take(string tenant, CallModel work, string key, CallOffer offer, CancellationToken ct)
    {
        await node.Ready.WaitAsync(ct);
        await using var session = store.LightweightSession(tenant);
#if MUTANTS
        if (Domain.Mutation.Without("expected version"))
        {
            var seen = (await session.LoadAsync<Run>(work.RunId, ct))!;
            var unfenced = offer.Claim(seen, work, node.Name, await node.HasLost(seen.ModelCall?.Worker, ct), MayBeUnpriced);
            if (unfenced is Claim.Taken mine) session.Events.Append(work.RunId, mine.Started);
            await session.SaveChangesAsync(ct);
            return (unfenced, offer);
        }
#endif
        var stream = await session.Events.FetchForExclusiveWriting<Run>(work.RunId, ct);
        var run = stream.Aggregate!;
        var ownerIsGone = await node.HasLost(run.ModelCall?.Worker, ct);
        for (var offers = 1; ; offers++)
        {
            var claim = offer.Claim(run, work, node.Name, ownerIsGone, MayBeUnpriced);
            if (claim is Claim.Taken taken)
            {
                if (await session.Reserve(run, work, key, offer, MayBeUnpriced, ct) is not { } refusal)
                {
                    stream.AppendOne(taken.Started);
                    FaultPoint.Hit("lease-taken");
                    await session.SaveChangesAsync(ct);
                    return (claim, offer);
                }

                claim = new Claim.Refused(refusal);
            }

            if (claim is not Claim.Refused over || offers == MostOffers || offer.Within(over.Refusal) is not { } smaller) return (claim, offer);
            offer = smaller;
        }
    }

    /// <summary>Null when the call was aborted: the run ended meanwhile, or the node stops.</summary>
    async Task<ModelOutcome?> Call(
        string tenant, CallModel work, ModelRequest request, ModelOptions limits, InFlight.Effort effort, CancellationToken ct)
    {
        RequestId.Set(work.RunId, work.Call, work.Attempt);
        using var speaking = deltas.Begin(tenant, work.RunId, work.Call, work.Attempt);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, effort.Aborted);
        try
        {
            FaultPoint.Hit("request-sent");
            return await ModelCall.Run(model, request.Messages, request.Options, limits, speaking.Say, stop.Token);
        }
        catch (OperationCanceledException) when (effort.Aborted.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    ModelReport ReportOf(CallModel work, ModelOutcome outcome, Conversation conversation, PriceList prices) => outcome switch
    {
        ModelOutcome.Answered answer => new RecordModelReply(
            work.Call, work.Attempt,
            new(answer.Text, answer.ToolRequests, CitationsOf(answer, conversation), answer.Model, answer.FinishReason, answer.ProviderId),
            answer.Usage, answer.RawUsage,
            answer.Usage is null ? null : prices.Of(answer.Model, answer.Usage, answer.ServiceTier),
            answer.Latency, answer.TimeToFirstToken, options.Name, answer.ServiceTier),
        ModelOutcome.Failed failed => new RecordModelFailure(work.Call, work.Attempt, failed.Failure, failed.Latency),
        _ => throw new InvalidOperationException(outcome.GetType().Name),
    };

    /// <summary>Nothing was sent. The run parks; when the model has a price, resuming tries again.</summary>
    static RecordModelFailure Refused(CallModel work, string model) => new(
        work.Call, work.Attempt, new(FailureKind.Unpriced, $"The model {model} has no price, and Costs:UnpricedModels is refuse. Import one with 'agents prices import'."),
        TimeSpan.Zero);

    /// <summary>A quote belongs to the cited passage that holds its words.</summary>
    static IReadOnlyList<Citation> CitationsOf(ModelOutcome.Answered answer, Conversation conversation)
    {
        var quotes = answer.Citations
            .Select(cited => (Number: conversation.Sources.FindIndex(source => source.Text.Contains(cited.Snippet, StringComparison.Ordinal)) + 1, cited.Snippet))
            .Where(quote => quote.Number > 0);
        return Citations.In(answer.Text, conversation.Sources, [.. quotes]);
    }

    async Task<IReadOnlyList<RunEvent>> Whole(string tenant, IReadOnlyList<RunEvent> own, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        return await Histories.Whole(session, own, ct);
    }

    async Task<(Run, List<RunEvent>)> Load(string tenant, Guid runId, CancellationToken ct)
    {
        await using var session = store.QuerySession(tenant);
        var stored = await session.Events.FetchStreamAsync(runId, token: ct);
        var history = stored.Select(e => (RunEvent)e.Data).ToList();
        return (history.Aggregate(Run.Before(runId), Run.Evolve), history);
    }
}
