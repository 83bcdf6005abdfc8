using Agents.Domain.Runs;
using Agents.Host.Engine.Money;
using Agents.Host.Engine.Queue;
using Agents.Host.Engine.Telemetry;
using Agents.Host.Platform;

namespace Agents.Host.Engine.Attempts;

/// <summary>
/// Performs a model call attempt: prepare, wait for the rate, claim, one call, measure. What follows from the outcome is decided elsewhere.
/// </summary>
public sealed class ModelWorker(
    ModelPreparation preparation, RateLimits rates, ModelClaims claims, IModelCalls calls, ModelReports reports, InFlight inFlight, CostOptions costs)
{
    /// <returns>What to report, or null when nothing is due.</returns>
    public Task<ModelReport?> Perform(string tenant, CallModel work, CancellationToken ct) =>
        inFlight.Perform(tenant, work, work.RunId, InFlight.Of(work), effort => ClaimAndCall(tenant, work, effort, ct));

    async Task<ModelReport?> ClaimAndCall(string tenant, CallModel work, InFlight.Effort effort, CancellationToken ct)
    {
        if (await preparation.Prepare(tenant, work, ct) is not { } call) return null;
        if (!effort.MayBegin && call.IsNew) return null;

        // One that was begun is only judged: by this node, if it does not know that it began it, or after another one's end.
        await using var pass = call.IsNew
            ? await rates.Take(tenant, work.RunId, call.Offer.Request.Model(), call.TokensAtMost(), effort.Aborted, ct)
            : null;
        if (pass is null && call.IsNew) return null;

        FaultPoint.Hit("before-intent-commit");
        var (claim, offer) = await claims.Take(tenant, work, call.Key, call.Offer, ct);
        if (claim is Claim.Refused refused) return new RefuseModelCall(work.Call, work.Attempt, refused.Refusal, offer.CloseWith(refused.Refusal));
        if (claim is Claim.Lost) return new RecordModelCallLost(work.Call, work.Attempt, UnknownCause.WorkerLost);
        if (claim is Claim.NotDue || pass is null) return null;

        FaultPoint.Hit("after-intent-commit");
        if (costs.UnpricedModels is UnpricedModels.Refuse && offer.Estimate is null) return ModelReports.Unpriced(work, call.Model);

        using var telling = CallTelemetry.Begin(call.Run, call.Agent.Name, call.Entry.Name, call.Model, work);
        pass.Use();
        var answer = await calls.Call(tenant, work, offer.Request, call.Step.CallTimeout, effort.Aborted, ct);
        FaultPoint.Hit("reply-complete");
        await pass.Settle(answer);
        ModelReport report = answer.Outcome is { } outcome
            ? reports.Of(work, outcome, call, offer)
            : new RecordModelCallLost(work.Call, work.Attempt, effort.IsBrokenOff ? UnknownCause.WorkerLost : UnknownCause.Cancelled);
        telling.End(report);
        return report;
    }
}
