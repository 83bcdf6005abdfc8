using Agents.Domain.Runs;
using Agents.Host.Engine.Signals;
using Agents.Host.Models;
using Agents.Host.Platform;
using Microsoft.Extensions.AI;

namespace Agents.Host.Engine.Attempts;

/// <summary>Calls the configured model, and lets readers see the words come.</summary>
public sealed class ModelCalls(IChatClient model, ModelOptions options, Deltas deltas) : IModelCalls
{
    public async Task<ModelAnswer> Call(
        string tenant, CallModel work, ModelRequest request, TimeSpan? within, CancellationToken aborted, CancellationToken ct)
    {
        var latest = RateHeaders.Collect();
        var outcome = await Run(tenant, work, request, options.Within(within), aborted, ct);
        return new(outcome, latest.Told, latest.SinceReply() ?? TimeSpan.Zero);
    }

    async Task<ModelOutcome?> Run(
        string tenant, CallModel work, ModelRequest request, ModelOptions limits, CancellationToken aborted, CancellationToken ct)
    {
        RequestId.Set(work.RunId, work.Call, work.Attempt);
        using var speaking = deltas.Begin(tenant, work.RunId, work.Call, work.Attempt);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct, aborted);
        try
        {
            FaultPoint.Hit("request-sent");
            return await ModelCall.Run(model, request.Messages, request.Options, limits, speaking.Append, stop.Token);
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            return null;
        }
    }
}
